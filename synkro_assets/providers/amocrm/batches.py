"""Many ids in few addresses: how long a request by id may be.

What lives here: the length of a batch, and what is learnt from a server that takes less. Asking is
``client.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import httpx

_MOST_IDS = 250
# Servers commonly refuse request lines over 8 KiB, method and version included. A proxy that adds
# to the line, or a stricter server, answers 414, and the batch is split.
_LONGEST_ADDRESS = 8 * 1024 - len("GET  HTTP/1.1\r\n")
_ID_LENGTH = len(f"{httpx.QueryParams({'filter[id][]': ''})}&")


class Batches:
    """Batches of one account's server; they become shorter once it refused one."""

    def __init__(self) -> None:
        self._most_ids = _MOST_IDS

    def of(self, ids: Iterable[int], address: str) -> Iterator[list[int]]:
        """The ids once each, in order, so many at a time as fit behind ``address``."""
        room = _LONGEST_ADDRESS - len(address)
        batch: list[int] = []
        length = 0
        for number in sorted(set(ids)):
            length += (size := _ID_LENGTH + len(str(number)))
            if batch and (len(batch) >= self._most_ids or length > room):
                yield batch
                batch, length = [], size
            batch.append(number)
        if batch:
            yield batch

    def whole(self, ids: Iterable[int], address: str) -> tuple[list[int], list[int]]:
        """Those of the ids that fill whole batches, and the rest, which leave room for more."""
        *whole, rest = list(self.of(ids, address)) or [[]]
        return [each for batch in whole for each in batch], rest

    def halves(self, ids: Sequence[int]) -> tuple[Sequence[int], Sequence[int]]:
        """A batch that was too long, in two; later ones need not find that out again."""
        middle = len(ids) // 2
        self._most_ids = min(self._most_ids, len(ids) - middle)
        return ids[:middle], ids[middle:]
