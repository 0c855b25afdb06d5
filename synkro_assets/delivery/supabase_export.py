"""Exporting a day to the tenant's own Supabase project, so that both hold the same rows.

What lives here: the order of the work and the proof that it was done. The tables are
``export_tables``; the requests are ``providers/supabase``; the rows are read by
``storage/day_export.py``.

A day's rows of leads, dialogs, messages and reports are replaced: those that the day no longer has
are deleted there. Contacts and their links belong to no day: contacts are only ever added or
changed, the links of the day's leads are replaced by those that hold. One request is one
transaction there and a day takes many, so an export that broke off leaves a part of the day; the
next one brings the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from synkro_assets.delivery.export_tables import (
    OLDER_REPORTS,
    REPORTS,
    SOURCE_REPORT_ID,
    TABLES,
    ExportTable,
    Row,
    batches,
    by_last_column,
    pieces,
)
from synkro_assets.delivery.supabase_look import OLDER_PROJECT
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.errors import IncompleteExport

Keys = set[tuple[str, ...]]
# A line of the step log for so many rows.
_ROWS_PER_LINE = 5000


class Project(Protocol):
    """What an export asks of the tenant's project."""

    def require_writing_key(self) -> None: ...
    def has_column(self, table: str, column: str) -> bool: ...
    def upsert(self, table: str, rows: Sequence[Row], key: Sequence[str]) -> int: ...
    def read(
        self, table: str, columns: Sequence[str], filters: Mapping[str, Any]
    ) -> Iterable[Row]: ...
    def count(self, table: str, filters: Mapping[str, Any]) -> int: ...
    def delete(self, table: str, filters: Mapping[str, Any]) -> int: ...


def export_day(
    project: Project,
    tenant_id: str,
    day: BusinessDay,
    rows_of: Callable[[str], Iterable[Row]],
    on_progress: Callable[[str], None],
) -> dict[str, int]:
    """Bring a day's rows, read by table name, into the project; how many each table has of it.

    Raises IncompleteExport when the project then holds other rows than were sent, and what
    ``project`` raises.
    """
    project.require_writing_key()
    tables = list(TABLES)
    if not project.has_column(REPORTS.name, SOURCE_REPORT_ID):
        on_progress(OLDER_PROJECT)
        tables[-1] = OLDER_REPORTS
    sent: dict[str, Keys] = {}
    for table in tables:
        export = _TableExport(project, table, tenant_id, day.isoformat(), on_progress)
        wholes = sent[table.parts_of] if table.parts_of else None
        sent[table.name] = export.run(rows_of(table.name), wholes)
    counts = {name: len(keys) for name, keys in sent.items()}
    on_progress(", ".join(f"{name} {count}" for name, count in counts.items()))
    return counts


class _TableExport:
    """One table's part of a day."""

    def __init__(
        self,
        project: Project,
        table: ExportTable,
        tenant_id: str,
        day: str,
        on_progress: Callable[[str], None],
    ) -> None:
        self._project, self._table, self._say = project, table, on_progress
        self._tenant = {"tenant_id": tenant_id}
        self._scope = {**self._tenant, "business_day": day} if table.of_day else self._tenant

    def run(self, rows: Iterable[Row], wholes: Keys | None) -> Keys:
        """The keys of the rows that were sent; ``wholes`` are those of what they are parts of."""
        sent = self._send(rows)
        if self._table == REPORTS:
            self._drop_older_reports()
        stored = self._stored(sent if wholes is None else wholes)
        if missing := len(sent - stored):
            raise self._incomplete(f"{missing} of {len(sent)} rows are not there")
        if self._table.of_day or wholes is not None:
            self._remove(stored - sent)
        if self._table.of_day:
            there = self._project.count(self._table.name, self._scope)
            if there != len(sent):
                raise self._incomplete(f"{there} rows are there instead of {len(sent)}")
        return sent

    def _send(self, rows: Iterable[Row]) -> Keys:
        """Upsert the rows; the keys that were sent."""
        sent: Keys = set()
        lines = 1
        for batch in batches(self._table, rows):
            counted = self._project.upsert(self._table.name, batch, self._table.key)
            if counted != len(batch):
                raise self._incomplete(f"{counted} of a batch of {len(batch)} rows were taken")
            sent.update(map(self._table.key_in_scope, batch))
            if len(sent) >= lines * _ROWS_PER_LINE:
                self._say(f"{self._table.name}: {len(sent)} rows sent")
                lines = len(sent) // _ROWS_PER_LINE + 1
        return sent

    def _drop_older_reports(self) -> None:
        """Rows from before the column of the key: the reports they hold were sent again."""
        older = {**self._scope, SOURCE_REPORT_ID: None}
        if dropped := self._project.delete(self._table.name, older):
            self._say(f"reports: {dropped} rows from before source_report_id replaced")

    def _stored(self, near: Keys) -> Keys:
        """The keys the project holds where the rows are to be: of the day, or beside ``near``."""
        columns = self._table.scoped_key
        return {
            self._table.key_in_scope(row)
            for scope in self._scopes(near)
            for row in self._project.read(self._table.name, columns, scope)
        }

    def _scopes(self, near: Keys) -> Iterator[dict[str, Any]]:
        if self._table.of_day:
            yield self._scope
            return
        for ids in pieces(sorted({key[0] for key in near})):
            yield {**self._tenant, self._table.scoped_key[0]: ids}

    def _remove(self, stale: Keys) -> None:
        *first, last = self._table.scoped_key
        removed = 0
        for values, ids in by_last_column(stale).items():
            for piece in pieces(ids):
                filters = {**self._scope, **dict(zip(first, values, strict=True)), last: piece}
                removed += self._project.delete(self._table.name, filters)
        if stale:
            self._say(f"{self._table.name}: {removed} rows deleted that the day no longer has")

    def _incomplete(self, what: str) -> IncompleteExport:
        return IncompleteExport(
            f"the Supabase project does not hold the day's {self._table.name}: {what}; export the "
            "day again, and see whether something else writes there"
        )
