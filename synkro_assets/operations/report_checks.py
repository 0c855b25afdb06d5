"""Checking a stored day from outside: facts against marts, a report's numbers against its facts.

What lives here: comparisons of what is stored. The gate that a model's answer passes before it is
stored is ``reporting/grounding.py``; this looks at the outcome.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.facts import DialogWithoutDeal, WaitingDialog
from synkro_assets.operations.daily_report import gaps_of
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.reporting.figures import fact_value, phone
from synkro_assets.reporting.wording import WORDINGS
from synkro_assets.storage.facts import daily_period_key, stored_facts
from synkro_assets.storage.marts import (
    dialogs_without_deal,
    manager_day_rows,
    manager_names,
    tenant_day_row,
    waiting_dialogs_of_window,
)
from synkro_assets.storage.reports import daily_report

_COLUMN_OF_METRIC = {
    "dialogs": "dialogs_count",
    "messages_in": "messages_in_count",
    "messages_out": "messages_out_count",
    "dialogs_without_deal": "dialogs_without_deal_count",
    "dialogs_not_looked_up": "dialogs_not_looked_up_count",
    "replies": "replies_count",
    "first_reply_median_calendar": "first_reply_median_calendar_minutes",
    "first_reply_median_working": "first_reply_median_working_minutes",
    "dialogs_unanswered": "unanswered_dialogs_count",
    "dialogs_waiting_from_earlier_days": "waiting_from_earlier_days_count",
    "leads_created": "leads_created_count",
    "leads_moved": "leads_moved_count",
    "leads_won": "leads_won_count",
    "leads_won_amount": "leads_won_amount",
    "leads_lost": "leads_lost_count",
    "leads_lost_amount": "leads_lost_amount",
}

_OF_BOTH_SOURCES = {"dialogs_without_deal", "dialogs_not_looked_up"}
_UNKNOWN = "not known"
_Said = Decimal | str | None

_NUMBER = re.compile(r"\d+")


def unequal_facts(run: TenantRun, day: BusinessDay) -> list[str]:
    """The facts of the tenant and its managers that differ from the report marts, as sentences.

    A fact of something the mart says the day cannot know differs, and so does a missing one of
    something it knows.
    """
    tenant_id = run.tenant.tenant_id
    with run.transaction() as connection:
        facts = stored_facts(connection, tenant_id, daily_period_key(day))
        row = tenant_day_row(connection, tenant_id, day)
        managers = manager_day_rows(connection, tenant_id, day)
    said: dict[str, dict[str, _Said]] = {"": {}, **{manager: {} for manager in managers}}
    for fact in facts:
        if fact.subject_type in {"tenant", "manager"} and fact.metric in _COLUMN_OF_METRIC:
            said.setdefault(fact.subject_id, {})[fact.metric] = fact.value
    unequal = _differences("marts.rpt_tenant_day", said.pop(""), row)
    for manager, values in sorted(said.items()):
        stored = managers.get(manager)
        # A manager has no fact of what he had no part in, where the mart counts none.
        absent = {m: _stored(stored, m) for m in _COLUMN_OF_METRIC if not _stored(stored, m)}
        where = f"marts.rpt_manager_day of {manager}"
        unequal += _differences(where, absent | values, stored)
    return unequal


def _differences(mart: str, said: dict[str, _Said], row: dict[str, Any] | None) -> list[str]:
    return [
        f"{metric} is {said.get(metric, _UNKNOWN)}, {mart} says {_stored(row, metric)}"
        for metric in _COLUMN_OF_METRIC
        if said.get(metric, _UNKNOWN) != _stored(row, metric)
    ]


def _stored(row: dict[str, Any] | None, metric: str) -> _Said:
    """A mart's number; None where nothing was measured, not known where the day cannot know."""
    column = _COLUMN_OF_METRIC[metric]
    told_by = "leads_created_count" if metric.startswith("leads_") else "dialogs_count"
    if metric in _OF_BOTH_SOURCES:
        told_by = column
    if row is None or row.get(told_by) is None:
        return _UNKNOWN
    return None if row[column] is None else Decimal(row[column])


def source_gaps(run: TenantRun, day: BusinessDay) -> list[str]:
    """What of the day's sources is not there whole, as sentences."""
    with run.transaction() as connection:
        gaps = gaps_of(connection, run, [day])
    stale = [
        f"{gap.source} is as of {gap.data_as_of:%Y-%m-%d %H:%M} UTC: {gap.last_error}"
        for gap in gaps
        if gap.is_stale
    ]
    return stale + [
        f"{gap.source} met {cut.limit}={cut.value} with {cut.read} {cut.unit} read"
        for gap in gaps
        for cut in gap.cuts
    ]


def foreign_numbers(run: TenantRun, day: BusinessDay) -> list[str]:
    """Numbers in a model's sentences that no fact and no name of the day holds."""
    tenant = run.tenant
    with run.transaction() as connection:
        report = daily_report(connection, tenant.tenant_id, day)
        facts = stored_facts(connection, tenant.tenant_id, daily_period_key(day))
        window = run.plan(day).window
        shown: list[WaitingDialog | DialogWithoutDeal] = [
            *waiting_dialogs_of_window(connection, tenant.tenant_id, day, day, window),
            *dialogs_without_deal(connection, tenant.tenant_id, day, day, window),
        ]
        managers = manager_names(connection, tenant.tenant_id, day, day)
    if report is None or report.status != "complete":
        return []
    known = [fact_value(fact, tenant.language) for fact in facts if fact.value is not None]
    known += [dialog.contact_name or "" for dialog in shown] + list(managers.values())
    known += [phone(dialog.phone) for dialog in shown if dialog.phone]
    allowed = {number for text in known for number in _NUMBER.findall(text)}
    words = WORDINGS[report.metadata["language"]]
    document = report.metadata["document"]
    sentences = [document["opening"]] + [
        line["text"]
        for section in document["sections"]
        if section["heading"] in {words.observations, words.actions}
        for line in section["lines"]
    ]
    found = {number for text in sentences for number in _NUMBER.findall(text)}
    return sorted(found - allowed)
