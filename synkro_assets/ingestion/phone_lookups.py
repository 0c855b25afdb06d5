"""Looking up in amoCRM whose phone it is, for dialogs that no stored lead explains.

What lives here: asking for a phone and believing only what is proved. Which phones are asked for
and where the answers go is ``operations/phone_lookups.py``; how phones are told is ``phones.py``.

amoCRM's search is fuzzy: it looks through names and every field, and a server may ignore it. So
what it finds counts only if a phone of the contact is the same in E.164, and a search that answers
a whole page without such a contact proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol

from synkro_assets.domain.errors import IncompleteFetch, ProviderError, SynkroError
from synkro_assets.domain.soundness import PoisonRecord, identifier
from synkro_assets.ingestion.contact_channels import channels_of, objects_in
from synkro_assets.ingestion.phones import search_text

Payload = dict[str, Any]

# amoCRM's page: a number that more contacts hold than this is no number to know somebody by.
_MOST_FOUND = 250


class ContactSearch(Protocol):
    """What a lookup asks of a client."""

    def contacts_matching(self, query: str) -> Iterable[Payload]: ...
    def contacts_by_id(self, ids: Iterable[int]) -> Iterable[Payload]: ...
    def leads_by_id(self, ids: Iterable[int]) -> Iterable[Payload]: ...


@dataclass(slots=True)
class Lookups:
    """What was found out: contacts by phone (none where nobody has it), they and their leads.

    A phone that is not in ``owners`` was not looked up; ``problem`` says why, if amoCRM does.
    """

    owners: dict[str, tuple[int, ...]] = field(default_factory=dict)
    contacts: list[Payload] = field(default_factory=list)
    leads: list[Payload] = field(default_factory=list)
    problem: SynkroError | None = None


def look_up(
    client: ContactSearch,
    phones: Sequence[str],
    region: str,
    poison: Sequence[PoisonRecord],
    on_progress: Callable[[str], None] = lambda _: None,
) -> Lookups:
    """Look up phones in E.164, one search each; never raises ProviderError or IncompleteFetch.

    ``poison`` is where the client sets aside what it cannot use: a search with such a record in its
    answer has not told that nobody has the phone. Contacts are stored with their leads or not at
    all, so where the leads cannot be read their phones stay open.
    """
    found = Lookups()
    _search(client, phones, region, poison, found)
    wanted = sorted({each for ids in found.owners.values() for each in ids})
    if wanted:
        on_progress(f"amoCRM: {len(wanted)} contacts of {len(phones)} phones; their leads")
        try:
            found.contacts = list(client.contacts_by_id(wanted))
            found.leads = list(client.leads_by_id(_lead_ids(found.contacts)))
        except (ProviderError, IncompleteFetch) as problem:
            found.problem = problem
            found.contacts, found.leads = [], []
            found.owners = {phone: ids for phone, ids in found.owners.items() if not ids}
    return found


def _search(
    client: ContactSearch,
    phones: Sequence[str],
    region: str,
    poison: Sequence[PoisonRecord],
    found: Lookups,
) -> None:
    for phone in phones:
        set_aside = len(poison)
        try:
            answered = list(islice(client.contacts_matching(search_text(phone)), _MOST_FOUND))
        except IncompleteFetch as problem:
            found.problem = problem
            continue
        except ProviderError as problem:
            found.problem = problem
            return
        owners = tuple(int(each["id"]) for each in answered if _has(each, phone, region))
        is_told = len(answered) < _MOST_FOUND and len(poison) == set_aside
        if owners or is_told:
            found.owners[phone] = owners


def _has(contact: Payload, phone: str, region: str) -> bool:
    return any(each.normal == phone for each in channels_of(contact, region))


def _lead_ids(contacts: Iterable[Payload]) -> list[int]:
    """The leads the contacts name; an odd link costs no more than itself."""
    ids: set[int] = set()
    for contact in contacts:
        embedded = contact.get("_embedded")
        links = objects_in(embedded.get("leads")) if isinstance(embedded, dict) else []
        ids |= {link["id"] for link in links if identifier(link.get("id")) is None}
    return sorted(ids)
