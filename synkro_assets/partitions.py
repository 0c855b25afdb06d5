"""Partitions: tenant x business day, and the only place that builds or splits their keys.

What lives here: the partition definitions and their key text. Which window a day stands for is
``domain/business_day.py``: the day partition is a label, never a time range to fetch.

Dimension and set names never change: they are keys in people's history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from dagster import (
    DagsterInstance,
    DailyPartitionsDefinition,
    DynamicPartitionsDefinition,
    MultiPartitionKey,
    MultiPartitionsDefinition,
)

from synkro_assets.domain.business_day import BusinessDay, days_between, parse_business_day
from synkro_assets.domain.errors import UsageProblem
from synkro_assets.domain.tenant import TenantSlug, parse_slug

TENANTS = "synkro_tenants"
TENANT, BUSINESS_DAY = "tenant", "business_day"

PARTITION_TAG = "dagster/partition"
RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"

# Whose run it is, for Dagster's concurrency limits and for runs that have no partition.
TENANT_TAG = "synkro/tenant"


def tenant_business_day(first_day: date) -> MultiPartitionsDefinition:
    """Tenant x business day, days from ``first_day`` on.

    UTC+14 with ``end_offset=2`` holds the label of every window that has begun anywhere on earth:
    no zone is ahead of UTC+14, and a start at noon or later labels a window by the next date.
    """
    return MultiPartitionsDefinition(
        {
            BUSINESS_DAY: DailyPartitionsDefinition(
                start_date=first_day.isoformat(), timezone="Etc/GMT-14", end_offset=2
            ),
            TENANT: DynamicPartitionsDefinition(name=TENANTS),
        }
    )


def partition_key(tenant: TenantSlug, day: BusinessDay) -> MultiPartitionKey:
    """The key of a tenant's day; its text is ``2026-03-05|acme``."""
    return MultiPartitionKey({BUSINESS_DAY: day.isoformat(), TENANT: tenant})


def split_key(text: str) -> tuple[TenantSlug, BusinessDay]:
    """The tenant and day of a key's text; raises UsageProblem for a key that is none."""
    day, _, tenant = text.partition("|")
    return parse_slug(tenant), parse_business_day(day)


def run_tags(tenant: TenantSlug, day: BusinessDay) -> dict[str, str]:
    """The tags by which Dagster knows a run's partition."""
    return {
        PARTITION_TAG: str(partition_key(tenant, day)),
        f"{PARTITION_TAG}/{TENANT}": tenant,
        f"{PARTITION_TAG}/{BUSINESS_DAY}": day.isoformat(),
    }


def range_tags(tenant: TenantSlug, first: BusinessDay, last: BusinessDay) -> dict[str, str]:
    """The tags by which Dagster knows a run over a range of a tenant's days."""
    return {
        RANGE_START_TAG: str(partition_key(tenant, first)),
        RANGE_END_TAG: str(partition_key(tenant, last)),
    }


def keys_of_run(tags: Mapping[str, str]) -> tuple[TenantSlug, list[BusinessDay]]:
    """The tenant and days a run was started for, by its tags, in order.

    Raises UsageProblem for a run without partitions and for a range over several tenants: each
    tenant has a claim of its own, so a run is of one.
    """
    if PARTITION_TAG in tags:
        tenant, day = split_key(tags[PARTITION_TAG])
        return tenant, [day]
    if RANGE_START_TAG not in tags or RANGE_END_TAG not in tags:
        raise UsageProblem("this run names no partition: choose a tenant and its days")
    tenant, first = split_key(tags[RANGE_START_TAG])
    last_tenant, last = split_key(tags[RANGE_END_TAG])
    if tenant != last_tenant:
        raise UsageProblem(
            f"this run covers the tenants from {tenant} to {last_tenant}: a run is of one tenant; "
            "choose one, or launch a backfill, which makes a run for each"
        )
    return tenant, days_between(first, last)


def register_tenants(instance: DagsterInstance, slugs: Sequence[TenantSlug]) -> list[TenantSlug]:
    """Add the tenants that have no partition yet; returns those added."""
    known = set(instance.get_dynamic_partitions(TENANTS))
    missing = [slug for slug in slugs if slug not in known]
    if missing:
        instance.add_dynamic_partitions(TENANTS, missing)
    return missing
