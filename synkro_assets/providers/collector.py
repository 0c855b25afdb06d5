"""Python's garbage collector, kept out of what must happen at its moment.

What lives here: when it may not run. Reference counting frees nearly everything; the collector
looks for cycles, and one look at all that a large day holds takes some 100 ms.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# A page of a provider's makes some ten thousand objects, nearly all of which are gone when the next
# one comes: looking through each page took a tenth of a load.
_YOUNG_OBJECTS = 100_000


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look through young objects less often while much is read, in this process."""
    young, *older = gc.get_threshold()
    gc.set_threshold(max(young, _YOUNG_OBJECTS), *older)
    try:
        yield
    finally:
        gc.set_threshold(young, *older)


@contextmanager
def no_collection() -> Iterator[None]:
    """Put collections off until the block has ended.

    Blocks of several threads may overlap: the last to end of those that began first lets it go on.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
