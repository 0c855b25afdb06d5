"""The coming months have their partitions before anything is written to them."""

from __future__ import annotations

from datetime import UTC, date, datetime

from synkro_assets.operations.platform import Platform
from synkro_assets.operations.setup import bring_up_to_date
from synkro_assets.settings import PROJECT_ROOT
from synkro_assets.storage.database import Database
from synkro_assets.storage.month_partitions import MONTHS_AHEAD
from tests.databases import as_owner
from tests.runs import dagster_of


def coming_partitions() -> set[str]:
    today = datetime.now(UTC).date()
    months = [today.month - 1 + each for each in range(MONTHS_AHEAD + 1)]
    firsts = [date(today.year + month // 12, month % 12 + 1, 1) for month in months]
    return {
        f"{feed}_{first:%Y_%m}" for feed in ("amocrm_events", "radist_messages") for first in firsts
    }


def partitions(database: Database) -> dict[str, bool]:
    """Each month's partition with whether it is walled off."""
    with as_owner(database) as connection:
        rows = connection.execute(
            "select relname, relrowsecurity and relforcerowsecurity as is_walled from pg_class "
            "where relispartition and relkind = 'r' and relnamespace = 'raw'::regnamespace"
        )
        return {row["relname"]: row["is_walled"] for row in rows}


def drop_partitions(database: Database) -> None:
    with as_owner(database) as connection:
        for name in partitions(database):
            connection.execute(f"drop table raw.{name}")


def test_bringing_the_database_up_to_date_makes_the_coming_months(database: Database) -> None:
    drop_partitions(database)
    said: list[str] = []
    for _ in range(2):
        bring_up_to_date(database, PROJECT_ROOT, said.append)
    assert partitions(database) == dict.fromkeys(coming_partitions(), True)
    assert said == [f"made {len(coming_partitions())} monthly partitions"]


def test_the_coming_months_are_made_every_day_by_dagster(platform: Platform) -> None:
    drop_partitions(platform.database)
    with dagster_of(platform) as instance:
        from dagster import DefaultScheduleStatus

        from synkro_assets.definitions import defs

        schedule = defs.resolve_schedule_def("month_partitions_schedule")
        assert schedule.default_status is DefaultScheduleStatus.RUNNING
        assert str(schedule.cron_schedule).split()[2:] == ["*", "*", "*"]
        job = defs.resolve_job_def(schedule.job_name)
        assert job.execute_in_process(instance=instance).success
    assert partitions(platform.database) == dict.fromkeys(coming_partitions(), True)
