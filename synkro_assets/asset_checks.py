"""Checks of what SQL cannot see: that a report's words keep to its facts.

What lives here: the Dagster skin of those checks. Checks that SQL can see are dbt tests; the rules
themselves are ``operations/report_checks.py``.
"""

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetKey,
    ResourceParam,
    asset_check,
)

from synkro_assets.failures import as_dagster_failures
from synkro_assets.operations.report_checks import foreign_numbers, unequal_facts
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.partitions import keys_of_run


def build() -> list[AssetChecksDefinition]:
    """Every check; which day is checked is told by the run, as checks carry no partition."""

    @asset_check(
        asset=AssetKey(["reports", "daily_facts"]),
        description="The day's facts equal the numbers dbt computed on another route.",
    )
    def facts_equal_marts(
        context: AssetCheckExecutionContext, tenant_run: ResourceParam[TenantRun]
    ) -> AssetCheckResult:
        _, (day,) = keys_of_run(context.run.tags)
        with as_dagster_failures():
            unequal = unequal_facts(tenant_run, day)
        return AssetCheckResult(passed=not unequal, metadata={"unequal": unequal})

    @asset_check(
        asset=AssetKey(["reports", "daily_report"]),
        description="Every number in a model's conclusions is the value of a fact of the day.",
    )
    def conclusions_cite_facts(
        context: AssetCheckExecutionContext, tenant_run: ResourceParam[TenantRun]
    ) -> AssetCheckResult:
        _, (day,) = keys_of_run(context.run.tags)
        with as_dagster_failures():
            foreign = foreign_numbers(tenant_run, day)
        return AssetCheckResult(passed=not foreign, metadata={"foreign_numbers": foreign})

    return [facts_equal_marts, conclusions_cite_facts]
