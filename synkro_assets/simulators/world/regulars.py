"""Customers who write on more than one day.

Lives here: which conversations of a day are theirs, and the ids they keep. Not here: their names,
numbers and chats (``messenger``) and their contact in the CRM (``crm``).

A day's every sixth conversation belongs to one of three people who share that place, so that
somebody of yesterday writes again on most days. They keep their ids, which lie before those of any
day.
"""

from .seeds import number

EVERY, SHARED_BY = 6, 3

# The group of the company's own people keeps its ids too, behind those of the customers.
GROUP = 99_999


def regular_of(seed: int, tenant: str, day: str, index: int) -> int | None:
    """The number of the regular customer whose conversation this is; ``None`` for a stranger's."""
    slot, place = divmod(index, EVERY)
    if place != EVERY - 1:
        return None
    return slot * SHARED_BY + number(seed, tenant, day, "regular", slot, below=SHARED_BY)
