"""The contacts of a day's leads: which are asked for, and which of those amoCRM did not show.

What lives here: asking by id and judging who is gone. amoCRM lists no deleted contacts, so one that
is asked for and not shown is deleted, or hidden from us, which comes to the same for a reader.
What a contact holds is ``contact_channels.py``, how many one run reads is ``amocrm_portion.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Set

from synkro_assets.ingestion.amocrm_links import Payload
from synkro_assets.ingestion.amocrm_portion import Portion

ByLead = Mapping[int, set[int]]
"""Contacts by the lead they belong to."""
LinkedBefore = Callable[[Iterable[int]], ByLead]
"""The contacts each lead was linked to when it was read before; deleting one ends its links."""

# So many that are gone at once are a right that was taken away, not contacts that were deleted.
_TELLING = 20


def contacts_to_ask(portion: Portion, linked_before: LinkedBefore) -> ByLead:
    """By lead, the contacts it is linked to and those it was, as far as the limits have room.

    Those that an earlier run has read are not asked for again; for whom there is no room the
    portion owes. What the run asks for in all is then ``portion.contacts``.
    """
    linked = portion.linked
    before = linked_before(linked)
    now = {each for ids in linked.values() for each in ids}
    portion.ask_also(all_of(before) - now - portion.before.contacts)
    return {
        lead: before.get(lead, set()).union(ids) & portion.contacts for lead, ids in linked.items()
    }


def sightings(
    wanted: Set[int], found: Iterable[Payload], unusable: Collection[int] | None
) -> list[tuple[int, bool]]:
    """Each contact that was ``wanted`` with whether it is gone, as far as the answers tell.

    ``unusable`` were answered and set aside; None when one of those has no id, so that whoever is
    missing may be it.
    """
    shown = {int(each["id"]): each.get("is_deleted") is True for each in found}
    missing = wanted - shown.keys()
    if unusable is None or len(missing) * 2 > len(wanted) >= _TELLING:
        missing = set()
    gone = missing.difference(unusable or ())
    return sorted([*shown.items(), *((each, True) for each in gone)])


def all_of(contacts: ByLead) -> set[int]:
    """The contacts of all the leads."""
    return {each for ids in contacts.values() for each in ids}
