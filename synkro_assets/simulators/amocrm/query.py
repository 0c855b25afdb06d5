"""Reading amoCRM's query strings: bracketed filters, order, pages.

Lives here: the query as values, and cutting a list into pages with links. Not here: which filters
an entity has.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any
from urllib.parse import quote_plus

from starlette.requests import Request
from starlette.responses import Response

from synkro_assets.simulators.switches import Switches

from .answers import empty, hal, origin, problem

_LAST_SECOND = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())
_BRACKETS = re.compile(r"\[([^\]]*)\]")


# What tells pages of a list apart.
_PLACE = ("page", "limit")


class BadQuery(ValueError):
    """A query that amoCRM answers with 400."""


class Query:
    """The query parameters of one request."""

    def __init__(self, request: Request, switches: Switches) -> None:
        self.items = request.query_params.multi_items()
        self._filters = [
            (_names_in(key), value) for key, value in self.items if key.startswith("filter[")
        ]
        self.is_filtering = not switches["amocrm_ignore_filters"]
        self.terms = tuple(item for item in self.items if item[0] not in _PLACE)
        self.plain = {key: value for key, value in self.items if "[" not in key}
        self.with_ = {part for part in self.plain.get("with", "").split(",") if part}

    def _under(self, *path: str) -> list[tuple[tuple[str, ...], str]]:
        """Values whose bracketed name begins with ``filter`` and ``path``, and the rest of it."""
        depth = len(path)
        return [(parts[depth:], value) for parts, value in self._filters if parts[:depth] == path]

    def values(self, name: str, *, is_address: bool = False) -> set[str] | None:
        """The values of a list filter, comma forms included; ``None`` when it is absent.

        ``is_address``: it says what is asked for, so that no account ignores it.
        """
        rows = self._under(name) if self.is_filtering or is_address else []
        if not rows:
            return None
        return {part for _, value in rows for part in value.split(",") if part}

    def numbers(self, name: str, *, is_address: bool = False) -> set[int] | None:
        """The values of a list filter of integers."""
        found = self.values(name, is_address=is_address)
        try:
            return None if found is None else {int(value) for value in found}
        except ValueError as error:
            raise BadQuery(f"filter[{name}] must be a number") from error

    def span(self, name: str) -> tuple[int, int] | None:
        """A range filter in any form, both ends included; one instant means from then on."""
        rows = self._under(name) if self.is_filtering else []
        if not rows:
            return None
        low, high = 0, 2**53
        try:
            for rest, value in rows:
                if rest == ("from",):
                    low = int(value)
                elif rest == ("to",):
                    high = int(value)
                elif "," in value:
                    low, high = (int(part) for part in value.split(",", 1))
                else:
                    low = int(value)
        except ValueError as error:
            raise BadQuery(f"filter[{name}] must be unix seconds") from error
        return low, high

    def stages(self) -> set[tuple[int, int]] | None:
        """``filter[statuses][i][pipeline_id|status_id]`` as pairs."""
        rows: dict[str, dict[str, int]] = {}
        for rest, value in self._under("statuses") if self.is_filtering else []:
            if len(rest) != 2 or not value.isdigit():
                raise BadQuery("filter[statuses] needs pipeline_id and status_id")
            rows.setdefault(rest[0], {})[rest[1]] = int(value)
        pairs = {(row.get("pipeline_id", 0), row.get("status_id", 0)) for row in rows.values()}
        return pairs or None

    def order(self, allowed: tuple[str, ...]) -> tuple[str, bool]:
        """The field to order by and whether it descends; by id when not told."""
        for key, value in self.items:
            if key.startswith("order["):
                name = key[6:].rstrip("]")
                if name not in allowed or value.lower() not in ("asc", "desc"):
                    raise BadQuery(f"cannot order by {name} {value}")
                return name, value.lower() == "desc"
        return "id", False

    def number(self, name: str, default: int) -> int:
        """A plain positive integer parameter."""
        text = self.plain.get(name, str(default))
        if not text.isdigit() or int(text) < 1:
            raise BadQuery(f"{name} must be a positive integer")
        return int(text)

    def size(self, switches: Switches, most: int = 250) -> int:
        """How many rows a page holds; asking for more than there may be gives no more."""
        return min(self.number("limit", 50), most, int(switches["amocrm_max_limit"]))


# Hundreds of ids in one address have the same name.
@lru_cache(maxsize=1_000)
def _names_in(key: str) -> tuple[str, ...]:
    """What stands in the brackets of a key."""
    return tuple(_BRACKETS.findall(key))


def within(spans: Mapping[str, tuple[int, int] | None]) -> Callable[[Any], bool]:
    """Whether a record's instants, by name, pass the range filters that were given."""
    bounds = [
        (name, _instant(span[0]), _instant(span[1] + 1)) for name, span in spans.items() if span
    ]

    def passes(row: Any) -> bool:
        for name, low, high in bounds:
            moment = getattr(row, name)
            if moment is None or not low <= moment < high:
                return False
        return True

    return passes


def _instant(seconds: int) -> datetime:
    """The moment of unix seconds, which may be any number."""
    return datetime.fromtimestamp(min(max(seconds, 0), _LAST_SECOND), UTC)


def ordered(rows: list[Any], query: Query, allowed: tuple[str, ...]) -> list[Any]:
    """The records in the order asked for; equal ones by id."""
    name, is_descending = query.order(allowed)
    return sorted(rows, key=lambda row: (getattr(row, name), row.id), reverse=is_descending)


def cut(rows: list[Any], name: str, span: tuple[int, int]) -> list[Any]:
    """The records within a range filter, of all that stand in the order of its instants."""
    low, high = _instant(span[0]), _instant(span[1] + 1)
    first = bisect_left(rows, low, key=attrgetter(name))
    return rows[first : bisect_left(rows, high, key=attrgetter(name))]


def page_of(
    request: Request,
    query: Query,
    switches: Switches,
    rows: list[Any],
    entity: str,
    render: Callable[[Any], Mapping[str, Any]],
    max_limit: int = 250,
    has_totals: bool = False,
) -> Response:
    """One page of the records as a HAL document, or 204."""
    page, limit = query.number("page", 1), query.size(switches, max_limit)
    if switches["amocrm_max_offset"] and page * limit > switches["amocrm_max_offset"]:
        return problem(400, f"page * limit must not exceed {switches['amocrm_max_offset']}")
    size = max(limit - 1, 1) if switches["amocrm_not_full_pages"] else limit
    chosen = rows[(page - 1) * size : page * size]
    if not chosen:
        return empty()
    links = {"self": _link(request, query, page)}
    if page * size < len(rows):
        links["next"] = _link(request, query, page + 1)
    if page > 1:
        links["first"] = _link(request, query, 1)
        links["prev"] = _link(request, query, page - 1)
    totals = {"_total_items": len(rows), "_page_count": -(-len(rows) // size)}
    return hal(
        {
            **(totals if has_totals else {}),
            "_page": page,
            "_links": links,
            "_embedded": {entity: [render(row) for row in chosen]},
        }
    )


def _link(request: Request, query: Query, page: int) -> dict[str, str]:
    quoted = cache(quote_plus)
    items = [
        f"{quoted(key)}={value if value.isascii() and value.isalnum() else quoted(value)}"
        for key, value in query.items
        if key != "page"
    ]
    path = request.scope["path"].removeprefix(request.scope["root_path"])
    return {"href": f"{origin(request)}{path}?{'&'.join([*items, f'page={page}'])}"}
