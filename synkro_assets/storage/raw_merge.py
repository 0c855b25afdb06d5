"""The statements that bring the rows of a load from their temporary table into ``raw``.

What lives here: how each kind of table takes new rows. The kinds and the tables are
``raw_rows.py``, the copying is ``raw_loading.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from psycopg import sql

if TYPE_CHECKING:
    from synkro_assets.storage.raw_rows import Load, RawTable

_NOTHING = sql.SQL("")

# What was read sooner after a change may have missed another of the same second; the rest allows
# for clocks that differ. The transforms reckon with the same ten seconds (macros/as_of.sql).
_UNSETTLED = sql.SQL("stored.fetched_at < stored.updated_at + interval '10 seconds'")


def merge_statements(
    table: RawTable, load: Load, *, has_repeats: bool, meets_own: bool = False
) -> Iterator[sql.Composed]:
    """What is to be executed in turn once the rows are in ``incoming_<table>``.

    ``has_repeats`` says that a key is there more than once, ``meets_own`` that the load has stored
    one of them already.
    """
    match table.kind.value:
        case "feed":
            insert = _insert(table, load, has_repeats=has_repeats)
            # The day was just emptied: looking for conflicts would double the cost of each row.
            yield insert + _on_conflict(table) if meets_own else insert
        case "observation":
            if "updated_at" in table.columns:
                yield _settle(table, load)
            insert = _insert(table, load, _differs_from_last(table, load), has_repeats=has_repeats)
            yield insert + _on_conflict(table)
        case "part":
            insert = _insert(table, load, _whole_is_of(table, load), has_repeats=has_repeats)
            yield insert + _on_conflict(table)
        case _:
            yield _insert(table, load, has_repeats=has_repeats) + _on_conflict(table)


def identifiers(names: Iterable[str], *prefix: str) -> sql.Composed:
    """Names with commas between them, each of the table or alias ``prefix``."""
    return sql.SQL(", ").join(sql.Identifier(*prefix, name) for name in names)


def _insert(
    table: RawTable, load: Load, condition: sql.Composable = _NOTHING, *, has_repeats: bool
) -> sql.Composed:
    """Insert the last arrival of each key."""
    key = identifiers(table.arriving_key)
    # Sorting whole rows is a tenth of a load, and pages seldom overlap.
    distinct = sql.SQL("distinct on ({}) ").format(key) if has_repeats else _NOTHING
    last = sql.SQL(" order by {}, arrival desc").format(key) if has_repeats else _NOTHING
    arrived = sql.SQL("(select {distinct}{own} from {incoming}{last}) as arrived").format(
        distinct=distinct,
        own=identifiers(table.columns),
        incoming=_incoming(table),
        last=last,
    )
    shared = [load.tenant_id, load.fetched_at, load.run_id]
    shared += [load.business_day] if table.is_of_a_day else []
    return sql.SQL("insert into {} ({}) select {}, {} from {}{}").format(
        _target(table),
        identifiers(table.stored_columns),
        sql.SQL(", ").join(map(sql.Literal, shared)),
        identifiers(table.columns, "arrived"),
        arrived,
        condition,
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
        if table.kind.value == "reference"
        else _NOTHING,
    )


def _differs_from_last(table: RawTable, load: Load) -> sql.Composed:
    """Only what is not as it was when this version was last seen."""
    return sql.SQL(
        " where not exists (select from (select {own} from {target} as stored "
        "where stored.tenant_id = {tenant} and {same_version} order by stored.fetched_at desc "
        "limit 1) as last where ({last}) is not distinct from ({arrived}))"
    ).format(
        own=identifiers(_values(table), "stored"),
        target=_target(table),
        tenant=load.tenant_id,
        same_version=_same_version(table),
        last=identifiers(_values(table), "last"),
        arrived=identifiers(_values(table), "arrived"),
    )


def _settle(table: RawTable, load: Load) -> sql.Composed:
    """What was read too soon and is unchanged now counts as read now: that is what it proves."""
    return sql.SQL(
        "update {target} as stored set fetched_at = {now} from {incoming} as arrived "
        "where stored.tenant_id = {tenant} and {same_version} and {unsettled} "
        "and stored.fetched_at < {now} and ({stored}) is not distinct from ({arrived}) "
        "and not exists (select from {target} as later where later.tenant_id = stored.tenant_id "
        "and ({later_key}) = ({stored_key}) and later.fetched_at > stored.fetched_at)"
    ).format(
        target=_target(table),
        now=load.fetched_at,
        incoming=_incoming(table),
        tenant=load.tenant_id,
        same_version=_same_version(table),
        unsettled=_UNSETTLED,
        stored=identifiers(_values(table), "stored"),
        arrived=identifiers(_values(table), "arrived"),
        later_key=identifiers(table.arriving_key, "later"),
        stored_key=identifiers(table.arriving_key, "stored"),
    )


def _whole_is_of(table: RawTable, load: Load) -> sql.Composed:
    """Only parts of what this load stored: those of an unchanged observation are there."""
    return sql.SQL(
        " where exists (select from {whole} as whole where whole.tenant_id = {tenant} "
        "and {same} and whole.fetched_at = {now})"
    ).format(
        whole=sql.Identifier("raw", str(table.whole)),
        tenant=load.tenant_id,
        same=sql.SQL(" and ").join(
            sql.SQL("whole.{} = arrived.{}").format(sql.Identifier(there), sql.Identifier(here))
            for here, there in table.whole_key
        ),
        now=load.fetched_at,
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


def _incoming(table: RawTable) -> sql.Identifier:
    return sql.Identifier(f"incoming_{table.name}")
