"""Reading a stretch of time whose list is longer than a server shows the pages of.

What lives here: asking for either half instead. Asking is ``client.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from synkro_assets.domain.errors import ProviderRefused
from synkro_assets.providers.pagination import Row

_BAD_REQUEST = 400


def by_halves(read: Callable[[int, int], Iterator[Row]], first: int, last: int) -> Iterator[Row]:
    """The rows of ``read(first, last)``, each once; both are seconds and included.

    A refusal of a page behind the first means that the list is too long (reference §1.3): either
    half of the time is then read. One of a single second is raised, and one of the first page.
    """
    seen: set[Any] = set()
    stretches = [(first, last)]
    while stretches:
        since, until = stretches.pop()
        has_begun = False
        try:
            for row in read(since, until):
                has_begun = True
                if row["id"] not in seen:
                    seen.add(row["id"])
                    yield row
        except ProviderRefused as refused:
            if refused.status != _BAD_REQUEST or not has_begun or since == until:
                raise
            middle = (since + until) // 2
            stretches += [(since, middle), (middle + 1, until)]
