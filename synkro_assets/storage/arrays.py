"""Arrays as PostgreSQL writes them.

What lives here: the text of an array. psycopg writes any list, but asks each element for its type:
that takes twenty times as long, which counts where a request or a row each has one.
"""

from __future__ import annotations

from collections.abc import Iterable


def array_of_numbers(numbers: Iterable[float]) -> str:
    """To be cast to ``bigint[]`` or ``float8[]``; every number comes back as it is."""
    return "{" + ",".join(map(repr, numbers)) + "}"


def array_of_texts(texts: Iterable[str]) -> str:
    """To be cast to ``text[]`` or copied into such a column."""
    escaped = (each.replace("\\", "\\\\").replace('"', '\\"') for each in texts)
    return "{" + ",".join(f'"{each}"' for each in escaped) + "}"
