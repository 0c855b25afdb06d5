"""Partition keys, and the set that must hold the label of every window that has begun."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from dagster import DagsterInstance
from hypothesis import given, settings
from hypothesis import strategies as st

from synkro_assets import partitions
from synkro_assets.domain.business_day import BusinessCalendar, BusinessDay
from synkro_assets.domain.errors import UsageProblem
from synkro_assets.domain.tenant import TenantSlug, parse_slug
from tests.unit.calendars import calendars, days, instants

SLUGS = st.from_regex(r"[a-z0-9][a-z0-9-]{1,38}", fullmatch=True)


@settings(max_examples=400, deadline=None)
@given(calendars(), instants(first=2000))
def test_the_running_days_label_is_always_a_partition(
    calendar: BusinessCalendar, now: datetime
) -> None:
    definition = partitions.tenant_business_day(now.date() - timedelta(days=4))
    daily = definition.get_partitions_def_for_dimension(partitions.BUSINESS_DAY)

    keys = daily.get_partition_keys(current_time=now)

    assert calendar.label(now).isoformat() in keys
    assert calendar.latest_closed(now).isoformat() in keys


def test_the_first_day_is_the_first_partition() -> None:
    definition = partitions.tenant_business_day(date(2026, 2, 1))
    daily = definition.get_partitions_def_for_dimension(partitions.BUSINESS_DAY)

    assert daily.get_first_partition_key() == "2026-02-01"


@given(SLUGS, days())
def test_a_key_comes_apart_into_what_it_was_made_of(slug: str, day: date) -> None:
    key = partitions.partition_key(parse_slug(slug), BusinessDay(day))

    assert str(key) == f"{day.isoformat()}|{slug}"
    assert partitions.split_key(str(key)) == (slug, day)


@pytest.mark.parametrize(
    "text",
    [
        "", "|", "acme", "2026-03-05", "2026-03-05|", "|acme", "acme|2026-03-05",
        "2026-03-05|a|b", "a|b", "2026-03-05|acme\n", "2026-03-05\n|acme", "20260305|acme",
    ],
)  # fmt: skip
def test_a_malformed_key_is_refused(text: str) -> None:
    with pytest.raises(UsageProblem):
        partitions.split_key(text)


def test_a_runs_tags_name_its_tenant_and_day() -> None:
    tags = partitions.run_tags(TenantSlug("acme"), BusinessDay(date(2026, 3, 5)))

    assert tags == {
        "dagster/partition": "2026-03-05|acme",
        "dagster/partition/tenant": "acme",
        "dagster/partition/business_day": "2026-03-05",
    }
    assert partitions.keys_of_run(tags) == ("acme", [date(2026, 3, 5)])


def test_a_tenant_is_registered_once() -> None:
    acme, other = TenantSlug("acme"), TenantSlug("other")
    with DagsterInstance.ephemeral() as instance:
        assert partitions.register_tenants(instance, [acme]) == [acme]
        assert partitions.register_tenants(instance, [acme, other]) == [other]
        assert instance.get_dynamic_partitions(partitions.TENANTS) == [acme, other]
