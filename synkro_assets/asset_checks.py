"""Checks of what SQL cannot see: that a report's words keep to its facts.

What lives here: the Dagster skin of those checks. Checks that SQL can see are dbt tests; the rules
themselves are ``operations/report_checks.py``.
"""

from collections.abc import Callable

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetKey,
    ResourceParam,
    asset_check,
)

from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.failures import as_dagster_failures
from synkro_assets.operations.report_checks import foreign_numbers, source_gaps, unequal_facts
from synkro_assets.operations.tenant_run import TenantRun


def build() -> list[AssetChecksDefinition]:
    """Every check, of all days of its run: checks carry no partition."""

    @asset_check(
        asset=AssetKey(["reports", "daily_facts"]),
        description="The day's facts equal the numbers dbt computed on another route.",
    )
    def facts_equal_marts(
        context: AssetCheckExecutionContext, tenant_run: ResourceParam[TenantRun]
    ) -> AssetCheckResult:
        with as_dagster_failures():
            unequal = _by_day(tenant_run, unequal_facts)
        return AssetCheckResult(passed=not unequal, metadata={"unequal": unequal})

    @asset_check(
        asset=AssetKey(["reports", "daily_report"]),
        description="Every number in a model's conclusions is the value of a fact of the day.",
    )
    def conclusions_cite_facts(
        context: AssetCheckExecutionContext, tenant_run: ResourceParam[TenantRun]
    ) -> AssetCheckResult:
        with as_dagster_failures():
            foreign = _by_day(tenant_run, foreign_numbers)
        return AssetCheckResult(passed=not foreign, metadata={"foreign_numbers": foreign})

    @asset_check(
        asset=AssetKey(["reports", "daily_report"]),
        description="Every source of the day was read whole: none failed, none met a limit.",
    )
    def sources_read_whole(
        context: AssetCheckExecutionContext, tenant_run: ResourceParam[TenantRun]
    ) -> AssetCheckResult:
        with as_dagster_failures():
            gaps = _by_day(tenant_run, source_gaps)
        severity = AssetCheckSeverity.WARN
        return AssetCheckResult(passed=not gaps, severity=severity, metadata={"gaps": gaps})

    return [facts_equal_marts, conclusions_cite_facts, sources_read_whole]


def _by_day(
    tenant_run: TenantRun, check: Callable[[TenantRun, BusinessDay], list[str]]
) -> dict[str, list[str]]:
    """What a check found, by day; nothing for a day where all is well."""
    found = {day.isoformat(): check(tenant_run, day) for day in tenant_run.days}
    return {day: complaints for day, complaints in found.items() if complaints}
