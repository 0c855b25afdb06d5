"""Checking a stored day from outside: facts against marts, a report's numbers against its facts.

What lives here: comparisons of what is stored. The gate that a model's answer passes before it is
stored is ``reporting/grounding.py``; this looks at the outcome.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.reporting.figures import fact_value
from synkro_assets.reporting.wording import WORDINGS
from synkro_assets.storage.facts import daily_period_key, stored_facts
from synkro_assets.storage.marts import manager_names, tenant_day_row
from synkro_assets.storage.reports import daily_report, waiting_dialogs

_COLUMN_OF_METRIC = {
    "dialogs": "dialogs_count",
    "messages_in": "messages_in_count",
    "messages_out": "messages_out_count",
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

_NUMBER = re.compile(r"\d+")


def unequal_facts(run: TenantRun, day: BusinessDay) -> list[str]:
    """The tenant's facts that differ from ``marts.rpt_tenant_day``, as sentences."""
    tenant_id = run.tenant.tenant_id
    with run.transaction() as connection:
        facts = stored_facts(connection, tenant_id, daily_period_key(day))
        row = tenant_day_row(connection, tenant_id, day)
    return [
        f"{fact.metric} is {fact.value}, marts.rpt_tenant_day says {_stored(row, fact.metric)}"
        for fact in facts
        if fact.subject_type == "tenant" and fact.metric in _COLUMN_OF_METRIC
        if fact.value != _stored(row, fact.metric)
    ]


def _stored(row: dict[str, Any] | None, metric: str) -> Decimal | None:
    value = (row or {}).get(_COLUMN_OF_METRIC[metric])
    return None if value is None else Decimal(value)


def foreign_numbers(run: TenantRun, day: BusinessDay) -> list[str]:
    """Numbers in a model's sentences that no fact and no name of the day holds."""
    tenant = run.tenant
    with run.transaction() as connection:
        report = daily_report(connection, tenant.tenant_id, day)
        facts = stored_facts(connection, tenant.tenant_id, daily_period_key(day))
        waiting = waiting_dialogs(connection, tenant.tenant_id, day)
        managers = manager_names(connection, tenant.tenant_id, day)
    if report is None or report.status != "complete":
        return []
    known = [fact_value(fact, tenant.language) for fact in facts if fact.value is not None]
    known += [dialog.contact_name or "" for dialog in waiting] + list(managers.values())
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
