"""Python's garbage collector, kept out of what must happen at its moment.

What lives here: when it may not run. Reference counting frees nearly everything; the collector
looks for cycles, and one look at all that a large day holds takes some 100 ms.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


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
