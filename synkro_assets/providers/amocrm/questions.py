"""What amoCRM is asked: paths and parameters of API v4 (reference §1), times as it counts them.

What lives here: questions as values. Asking them and reading the answers is ``client``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from synkro_assets.providers.http import Params

API = "/api/v4"
LEADS = f"{API}/leads"
PAGE = "250"
_EVENTS_PAGE = "100"


class Question(NamedTuple):
    """What is asked for, what that is called in the log, and by which parameters."""

    target: str
    action: str
    params: Params = ()


def seconds_of(start: datetime, end: datetime) -> tuple[int, int]:
    """The first and last whole second inside ``[start, end)``; amoCRM includes both ends."""
    return math.ceil(start.timestamp()), math.ceil(end.timestamp()) - 1


def events_between(first: int, last: int, types: Sequence[str]) -> Params:
    """Events of ``types`` created in these seconds, both included."""
    return (
        ("limit", _EVENTS_PAGE),
        ("filter[created_at][from]", str(first)),
        ("filter[created_at][to]", str(last)),
        ("filter[type]", ",".join(types)),
    )


def leads_between(first: int, last: int, action: str, with_: str) -> Question:
    """Leads last updated in these seconds, both included, oldest change first."""
    params = (
        ("with", with_),
        ("limit", PAGE),
        ("filter[updated_at][from]", str(first)),
        ("filter[updated_at][to]", str(last)),
        ("order[updated_at]", "asc"),
    )
    return Question(LEADS, action, params)


def records_by_id(entity: str, ids: Iterable[int], fixed: Params) -> Question:
    """The records of the ids."""
    params = (*(("filter[id][]", str(each)) for each in ids), *fixed)
    return Question(f"{API}/{entity}", f"{entity}_by_id", params)
