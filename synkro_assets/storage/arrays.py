"""Arrays as PostgreSQL writes them.

What lives here: the text of an array. psycopg writes any list, but asks each element for its type:
that takes twenty times as long, which counts where a request or a row each has one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime


def array_of_numbers(numbers: Iterable[float]) -> str:
    """To be cast to ``bigint[]`` or ``float8[]``; every number comes back as it is."""
    return "{" + ",".join(map(repr, numbers)) + "}"


def array_of_flags(flags: Iterable[bool]) -> str:
    """To be cast to ``boolean[]``."""
    return "{" + ",".join("t" if flag else "f" for flag in flags) + "}"


def array_of_moments(moments: Iterable[datetime]) -> str:
    """To be cast to ``timestamptz[]``; the moments are aware."""
    return "{" + ",".join(map(datetime.isoformat, moments)) + "}"


def array_of_texts(texts: Iterable[str | None]) -> str:
    """To be cast to ``text[]``; None is null."""
    written = ("NULL" if each is None else f'"{_escaped(each)}"' for each in texts)
    return "{" + ",".join(written) + "}"


def array_of_text_arrays(arrays: Iterable[Iterable[str]]) -> str:
    """To be cast to ``text[]``, each element of which is to be cast to ``text[]`` again."""
    return array_of_texts(map(array_of_texts, arrays))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
