"""The tables of a tenant's own Supabase project, as an export needs to know them.

What lives here: names, keys and columns. What does not: the SQL that makes them
(``supabase/tenant_project``), the SQL that reads what goes there (``storage/day_export.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic_core import to_json

Row = Mapping[str, Any]

# A request of a megabyte takes the smallest project a second; its gateway refuses larger ones late.
BATCH_ROWS = 500
BATCH_BYTES = 1_000_000
# Ids in one address: proxies cut addresses from 8 KB on.
FILTER_IDS = 100


@dataclass(frozen=True, slots=True)
class ExportTable:
    """A table there; ``key`` is what an upsert goes by.

    ``of_day`` says that its rows belong to a day, which replaces them. ``parts_of`` names the table
    whose rows its own belong to, by the first column of both keys: those of each one sent are
    replaced.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    of_day: bool = True
    parts_of: str | None = None

    @property
    def scoped_key(self) -> tuple[str, ...]:
        """What is left of the key within one tenant and, where rows have one, one day."""
        return tuple(each for each in self.key if each not in ("tenant_id", "business_day"))

    def key_in_scope(self, row: Row) -> tuple[str, ...]:
        """A row's values of it as text: an id may be written as a number or as a text."""
        return tuple(str(row[column]) for column in self.scoped_key)


# In the order in which they are filled: a message belongs to a dialog.
TABLES = (
    ExportTable(
        "contacts",
        ("tenant_id", "amocrm_contact_id"),
        (
            "tenant_id", "amocrm_contact_id", "contact_name", "phones_e164", "amocrm_user_id",
            "created_at", "updated_at", "is_deleted",
        ),
        of_day=False,
    ),
    ExportTable(
        "leads",
        ("tenant_id", "business_day", "amocrm_lead_id"),
        (
            "tenant_id", "business_day", "amocrm_lead_id", "lead_name", "amocrm_pipeline_id",
            "pipeline_name", "amocrm_status_id", "status_name", "amocrm_user_id", "manager_name",
            "price_amount", "currency_code", "created_at", "closed_at", "loss_reason_name",
            "is_created", "is_moved", "is_won", "is_lost", "is_deleted",
        ),
    ),
    ExportTable(
        "lead_contacts",
        ("tenant_id", "amocrm_lead_id", "amocrm_contact_id"),
        ("tenant_id", "amocrm_lead_id", "amocrm_contact_id", "is_main"),
        of_day=False,
        parts_of="leads",
    ),
    ExportTable(
        "dialogs",
        ("tenant_id", "business_day", "radist_chat_id"),
        (
            "tenant_id", "business_day", "radist_chat_id", "radist_contact_id", "contact_name",
            "phone_e164", "radist_connection_id", "connection_type", "is_group",
            "messages_in_count", "messages_out_count", "first_message_at", "last_message_at",
            "first_reply_calendar_minutes", "first_reply_working_minutes", "is_unanswered",
            "waiting_since_at", "waiting_calendar_minutes", "waiting_working_minutes",
            "amocrm_lead_id", "amocrm_user_id", "manager_name", "is_in_crm",
        ),
    ),
    ExportTable(
        "messages",
        ("tenant_id", "business_day", "radist_chat_id", "radist_message_id"),
        (
            "tenant_id", "business_day", "radist_chat_id", "radist_message_id", "direction",
            "message_type", "message_text", "sent_at",
        ),
    ),
    ExportTable(
        "reports",
        ("tenant_id", "source_report_id"),
        (
            "tenant_id", "business_day", "report_type", "window_start", "window_end", "status",
            "summary_text", "created_at", "updated_at", "source_report_id",
        ),
    ),
)  # fmt: skip

SOURCE_REPORT_ID = "source_report_id"
REPORTS = TABLES[-1]
# Without 002_reports_source_report_id.sql a project has room for one report of a type per day.
OLDER_REPORTS = replace(
    REPORTS,
    key=("tenant_id", "business_day", "report_type"),
    columns=tuple(each for each in REPORTS.columns if each != SOURCE_REPORT_ID),
)


def batches(
    table: ExportTable,
    rows: Iterable[Row],
    most_rows: int = BATCH_ROWS,
    most_bytes: int = BATCH_BYTES,
) -> Iterator[list[Row]]:
    """``rows`` in batches that one request may carry, in order.

    Every row of a batch has the table's columns and no two have the same key: of those that do, the
    later one is kept, where the earlier stood.
    """
    batch: dict[tuple[str, ...], Row] = {}
    size = 0
    for row in rows:
        whole = {column: row[column] for column in table.columns}
        weight = len(to_json(whole)) + 1
        if batch and (len(batch) >= most_rows or size + weight > most_bytes):
            yield list(batch.values())
            batch, size = {}, 0
        batch[table.key_in_scope(whole)] = whole
        size += weight
    if batch:
        yield list(batch.values())


def pieces(ids: Iterable[str]) -> Iterator[list[str]]:
    """Ids in lots that an address has room for."""
    lot: list[str] = []
    for each in ids:
        lot.append(each)
        if len(lot) == FILTER_IDS:
            yield lot
            lot = []
    if lot:
        yield lot


def by_last_column(keys: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], list[str]]:
    """Keys grouped by all their columns but the last, whose values are listed."""
    grouped: dict[tuple[str, ...], list[str]] = {}
    for *first, last in sorted(keys):
        grouped.setdefault(tuple(first), []).append(last)
    return grouped
