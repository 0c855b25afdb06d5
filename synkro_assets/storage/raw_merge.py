"""The statement that brings rows of a load into ``raw``.

What lives here: how each kind of table takes new rows. The kinds and the tables are
``raw_rows.py``, handing them over is ``raw_loading.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from psycopg import sql

from synkro_assets.storage.raw_rows import COLUMNS, Kind, RawTable

_NOTHING = sql.SQL("")
_TENANT, _NOW = sql.SQL("%(tenant_id)s::uuid"), sql.SQL("%(fetched_at)s::timestamptz")
_RUN, _DAY = sql.SQL("%(run_id)s::text"), sql.SQL("%(business_day)s::date")
_ELEMENTS = {
    "bigint": sql.SQL("unnest({}::bigint[])"),
    "boolean": sql.SQL("unnest({}::boolean[])"),
    "integer": sql.SQL("unnest({}::integer[])"),
    "timestamp with time zone": sql.SQL("unnest({}::timestamptz[])"),
}
# An array of arrays has no type of its own, and texts are parsed one by one.
_SENT_AS_TEXT = ("jsonb", "text[]")

# What was read sooner after a change may have missed another of the same second; the rest allows
# for clocks that differ. The transforms reckon with the same ten seconds (macros/as_of.sql).
_UNSETTLED = sql.SQL("stored.fetched_at < stored.updated_at + interval '10 seconds'")


@dataclass(frozen=True, slots=True)
class Stored:
    """What a table held of a tenant's before a load.

    ``has_any`` says that there are rows at all, of a feed those of the day; ``has_earlier`` that
    another load's observations are there.
    """

    has_any: bool
    has_earlier: bool


@cache
def merge_statement(
    table: RawTable, before: Stored, *, has_repeats: bool, meets_own: bool = False
) -> bytes:
    """The statement, its marks named after the columns and the fields of a ``Load``.

    Each of the table's own columns is an array, payloads one of JSON texts. ``has_repeats`` says
    that a key is there more than once, ``meets_own`` that the load has stored one of them already.
    """
    first: sql.Composable = _NOTHING
    condition: sql.Composable = _NOTHING
    match table.kind:
        case Kind.OBSERVATION if before.has_earlier:
            first = _settle(table) if "updated_at" in table.columns else first
            condition = _differs_from_last(table)
        case Kind.PART if before.has_earlier:
            condition = _whole_is_of(table)
    # Looking for conflicts nearly doubles the cost of each row.
    conflict = _on_conflict(table) if before.has_any or meets_own else _NOTHING
    arrived = _arrived(table, has_repeats=has_repeats)
    # Composing it takes as long as executing it for a few rows does.
    return (_insert(table, arrived, first, condition) + conflict).as_bytes()


@cache
def look_for_stored(table: RawTable) -> bytes:
    """Asks for the fields of ``Stored``; a part's earlier ones are those of what it is of."""
    look = sql.SQL(
        "select exists (select from {table} where tenant_id = {tenant}{of_day}) as has_any, "
        "exists (select from {whole} where tenant_id = {tenant} and fetched_at <> {now}) "
        "as has_earlier"
    )
    whole = sql.Identifier("raw", table.whole or table.name)
    of_day = sql.SQL(" and business_day = ") + _DAY if table.kind is Kind.FEED else _NOTHING
    return look.format(
        table=_target(table), whole=whole, tenant=_TENANT, now=_NOW, of_day=of_day
    ).as_bytes()


def identifiers(names: Iterable[str], *prefix: str) -> sql.Composed:
    """Names with commas between them, each of the table or alias ``prefix``."""
    return sql.SQL(", ").join(sql.Identifier(*prefix, name) for name in names)


def _arrived(table: RawTable, *, has_repeats: bool) -> sql.Composed:
    """The rows of the arrays; of each key the last one."""
    key = identifiers(table.arriving_key)
    # Sorting whole rows is a tenth of a load, and pages seldom overlap.
    distinct = sql.SQL("distinct on ({}) ").format(key) if has_repeats else _NOTHING
    last = sql.SQL(" order by {}, place desc").format(key) if has_repeats else _NOTHING
    return sql.SQL(
        "select {distinct}{own} from rows from ({arrays}) with ordinality as came ({names}, place)"
        "{last}"
    ).format(
        distinct=distinct,
        own=sql.SQL(", ").join(map(_unpacked, table.columns)),
        arrays=sql.SQL(", ").join(map(_array, table.columns)),
        names=identifiers(table.columns),
        last=last,
    )


def _array(name: str) -> sql.Composed:
    """The elements of a column's array; of an array of arrays as PostgreSQL writes them."""
    elements = _ELEMENTS.get(COLUMNS[name].type, sql.SQL("unnest({}::text[])"))
    return elements.format(sql.Placeholder(name))


def _unpacked(name: str) -> sql.Composed:
    kind = COLUMNS[name].type
    column = f"{{0}}::{kind} as {{0}}" if kind in _SENT_AS_TEXT else "{}"
    return sql.SQL(column).format(sql.Identifier(name))


def _insert(
    table: RawTable,
    arrived: sql.Composed,
    first: sql.Composable,
    condition: sql.Composable,
) -> sql.Composed:
    shared = [_TENANT, _NOW, _RUN, *([_DAY] if table.is_of_a_day else [])]
    return sql.SQL(
        "with incoming as {once}({arrived}){first} "
        "insert into {target} ({all}) select {shared}, {own} from incoming as arrived{condition}"
    ).format(
        # What is looked at twice would be parsed twice.
        once=_NOTHING if condition is _NOTHING else sql.SQL("materialized "),
        arrived=arrived,
        first=first,
        target=_target(table),
        all=identifiers(table.stored_columns),
        shared=sql.SQL(", ").join(shared),
        own=identifiers(table.columns, "arrived"),
        condition=condition,
    )


def _on_conflict(table: RawTable) -> sql.Composed:
    """Change what is stored only where it differs; of an observation only what this load stored."""
    own = _values(table)
    changes = sql.SQL(", ").join(
        sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name))
        for name in [*own, "fetched_at", "run_id"]
    )
    return sql.SQL(
        " on conflict (tenant_id, {key}) do update set {changes} "
        "where ({stored}) is distinct from ({offered}){or_old}"
    ).format(
        key=identifiers(table.key),
        changes=changes,
        stored=identifiers(own, "raw", table.name),
        offered=identifiers(own, "excluded"),
        # How fresh a list is decides whether it is asked for again.
        or_old=sql.SQL(" or {0}.fetched_at < excluded.fetched_at - interval '1 hour'").format(
            sql.Identifier("raw", table.name)
        )
        if table.kind is Kind.REFERENCE
        else _NOTHING,
    )


def _differs_from_last(table: RawTable) -> sql.Composed:
    """Only what is not as it was when this version was last seen."""
    return sql.SQL(
        " where not exists (select from (select {own} from {target} as stored "
        "where stored.tenant_id = {tenant} and {same_version} order by stored.fetched_at desc "
        "limit 1) as last where ({last}) is not distinct from ({arrived}))"
    ).format(
        own=identifiers(_values(table), "stored"),
        target=_target(table),
        tenant=_TENANT,
        same_version=_same_version(table),
        last=identifiers(_values(table), "last"),
        arrived=identifiers(_values(table), "arrived"),
    )


def _settle(table: RawTable) -> sql.Composed:
    """What was read too soon and is unchanged now counts as read now: that is what it proves."""
    return sql.SQL(
        ", settled as (update {target} as stored set fetched_at = {now} from incoming as arrived "
        "where stored.tenant_id = {tenant} and {same_version} and {unsettled} "
        "and stored.fetched_at < {now} and ({stored}) is not distinct from ({arrived}) "
        "and not exists (select from {target} as later where later.tenant_id = stored.tenant_id "
        "and ({later_key}) = ({stored_key}) and later.fetched_at > stored.fetched_at))"
    ).format(
        target=_target(table),
        now=_NOW,
        tenant=_TENANT,
        same_version=_same_version(table),
        unsettled=_UNSETTLED,
        stored=identifiers(_values(table), "stored"),
        arrived=identifiers(_values(table), "arrived"),
        later_key=identifiers(table.arriving_key, "later"),
        stored_key=identifiers(table.arriving_key, "stored"),
    )


def _whole_is_of(table: RawTable) -> sql.Composed:
    """Only parts of what this load stored: those of an unchanged observation are there."""
    return sql.SQL(
        " where exists (select from {whole} as whole where whole.tenant_id = {tenant} "
        "and {same} and whole.fetched_at = {now})"
    ).format(
        whole=sql.Identifier("raw", str(table.whole)),
        tenant=_TENANT,
        same=sql.SQL(" and ").join(
            sql.SQL("whole.{} = arrived.{}").format(sql.Identifier(there), sql.Identifier(here))
            for here, there in table.whole_key
        ),
        now=_NOW,
    )


def _same_version(table: RawTable) -> sql.Composed:
    return sql.SQL(" and ").join(
        sql.SQL("stored.{0} = arrived.{0}").format(sql.Identifier(name))
        for name in table.arriving_key
    )


def _values(table: RawTable) -> list[str]:
    return [name for name in table.columns if name not in table.key]


def _target(table: RawTable) -> sql.Identifier:
    return sql.Identifier("raw", table.name)
