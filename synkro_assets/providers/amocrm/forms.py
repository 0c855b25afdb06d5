"""By which fields amoCRM's records are read, and so what makes one of them unusable.

What lives here: the forms, by entity. What does not: judging by them (``domain/soundness.py``),
optional fields, which may be anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial

from synkro_assets.domain.soundness import (
    identifier,
    instant_of_seconds,
    key,
    optional_flag,
    optional_text,
    text,
    unix_seconds,
)
from synkro_assets.providers.pagination import Row
from synkro_assets.providers.sifting import Sort


def _instant(row: Row, name: str) -> datetime | None:
    return instant_of_seconds(row.get(name))


USERS = Sort("users", {"id": identifier})
PIPELINES = Sort("pipelines", {"id": identifier})
LOSS_REASONS = Sort("loss_reasons", {"id": identifier})
EVENTS = Sort(
    "events",
    {
        "id": key,
        "type": text,
        "entity_id": identifier,
        "entity_type": optional_text,
        "created_at": unix_seconds,
    },
    time_of=partial(_instant, name="created_at"),
)
LEADS = Sort(
    "leads",
    {"id": identifier, "updated_at": unix_seconds, "is_deleted": optional_flag},
    time_of=partial(_instant, name="updated_at"),
)
CONTACTS = Sort("contacts", {"id": identifier, "updated_at": unix_seconds})
SHOWN_CONTACTS = Sort("contacts", {"id": identifier})


def of_window(
    sort: Sort, first: int, last: int, types: Iterable[str] = ()
) -> Callable[[Row], bool]:
    """Whether a record of ``sort`` may be of these seconds and, if any are named, types."""
    named = tuple(types)

    def is_asked(row: Row) -> bool:
        at, kind = sort.time_of(row), row.get("type")
        is_inside = at is None or first <= at.timestamp() <= last
        return is_inside and not (named and isinstance(kind, str) and kind not in named)

    return is_asked


def among(ids: Iterable[int]) -> Callable[[Row], bool]:
    """Whether a record may be one of ``ids``: one whose own id cannot be read may."""
    wanted = set(ids)

    def is_asked(row: Row) -> bool:
        return identifier(row.get("id")) is not None or row["id"] in wanted

    return is_asked
