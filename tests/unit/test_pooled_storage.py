"""What Dagster's storage is not asked again, and what it always is."""

from typing import Any

from synkro_assets.pooled_storage import remember_partitions, remember_tables


class EventLog:
    """Tables and partitions that are there, and what was asked about them."""

    def __init__(self) -> None:
        self.there: set[str] = set()
        self.asked: list[str] = []

    def has_table(self, name: str) -> bool:
        self.asked.append(name)
        return name in self.there

    def has_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> bool:
        self.asked.append(f"{partitions_def_name}/{partition_key}")
        return f"{partitions_def_name}/{partition_key}" in self.there


def test_a_table_is_asked_for_until_it_is_there() -> None:
    log: Any = EventLog()
    remember_tables(log)

    assert not log.has_table("events")
    log.there.add("events")
    assert log.has_table("events") and log.has_table("events")
    assert log.asked == ["events", "events"]


def test_a_partition_that_was_there_is_believed_for_half_a_minute() -> None:
    log: Any = EventLog()
    clock = [100.0]
    remember_partitions(log, lambda: clock[0])
    log.there.add("tenants/acme")

    assert log.has_dynamic_partition("tenants", "acme")
    clock[0] += 29
    assert log.has_dynamic_partition("tenants", "acme")
    assert log.asked == ["tenants/acme"]
    log.there.clear()
    clock[0] += 2
    assert not log.has_dynamic_partition("tenants", "acme")


def test_a_missing_partition_is_asked_for_each_time_and_one_says_nothing_of_another() -> None:
    log: Any = EventLog()
    remember_partitions(log)

    assert not log.has_dynamic_partition("tenants", "acme")
    log.there.add("tenants/acme")
    assert log.has_dynamic_partition("tenants", "acme")
    assert not log.has_dynamic_partition("tenants", "beta")
    assert not log.has_dynamic_partition("others", "acme")
