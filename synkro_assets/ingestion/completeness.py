"""Refusing a fetch that is shorter than the source itself said it would be.

What lives here: the comparisons. Partial is failure: nothing of a refused fetch is stored, and a
later run tries again.
"""

from __future__ import annotations

from collections.abc import Sequence

from synkro_assets.domain.errors import IncompleteFetch

_NAMED = 5
# Below this many a day may honestly halve: a few messages are no sign of anything.
_TELLING = 20
# So many do not all go by themselves.
_ALL_GONE = 5


def require_messages(silent_chats: Sequence[int]) -> None:
    """Raise IncompleteFetch for chats whose last message is of the day but answered none of it."""
    if silent_chats:
        raise IncompleteFetch(
            f"Radist shows a message of the day in {len(silent_chats)} chats but answered none "
            f"({_listed(silent_chats)}): nothing of this day was stored, run it again"
        )


def require_readable(strange_chats: int) -> None:
    """Raise IncompleteFetch for a day of poison in several chats: one may hold nothing else."""
    if strange_chats > 1:
        raise IncompleteFetch(
            f"Radist answered messages none of which can be read in {strange_chats} chats: nothing "
            "of this day was stored"
        )


def require_no_shrink(name: str, answered: int, stored: int) -> None:
    """Raise IncompleteFetch for a day that answers far less than is stored of it already.

    What happened on a day that is over does not grow less: the source lost its place, not we ours.
    """
    is_halved = stored >= _TELLING and answered * 2 < stored
    if is_halved or (stored >= _ALL_GONE and not answered):
        raise IncompleteFetch(
            f"{name} answered {answered} of {stored} that are stored: nothing of this day was "
            "changed, run it again"
        )


def _listed(ids: Sequence[int]) -> str:
    named = ", ".join(map(str, ids[:_NAMED]))
    return named if len(ids) <= _NAMED else f"{named}, …"
