"""Materializations written into Dagster's storage: ``history.py ORDER`` (JSON).

What lives here: the program that ``dagit`` starts to fill an installation; it goes through the
storage's own batch call, as a run's events do.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import date, timedelta
from itertools import islice, product
from typing import Any

from dagster import AssetKey, AssetMaterialization, DagsterEvent, DagsterEventType, EventLogEntry
from dagster._core.events import StepMaterializationData

from synkro_assets.commands.dagster_runs import dagster_instance
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.tenant import parse_slug
from synkro_assets.partitions import partition_key, register_tenants
from synkro_assets.settings import load_settings

BATCH = 2_000


def main(order: dict[str, Any]) -> None:
    """Register the tenants and record ``events`` materializations, day by day of each tenant."""
    slugs = [parse_slug(slug) for slug in order["slugs"]]
    first = date.fromisoformat(order["first_day"])
    days = [BusinessDay(first + timedelta(days=n)) for n in range(order["days"])]
    # Day by day over all tenants, with gaps: statuses that compress well would flatter the page.
    keys = (
        partition_key(slug, day)
        for number, (day, slug) in enumerate(product(days, slugs))
        if number % 8 not in (3, 6)
    )
    asset = AssetKey(order["asset"])
    with dagster_instance(load_settings(), os.environ["SYNKRO_DATABASE_URL"]) as instance:
        register_tenants(instance, slugs)
        entries = (_entry(asset, key) for key in islice(keys, order["events"]))
        while batch := list(islice(entries, BATCH)):
            instance.event_log_storage.store_event_batch(batch)


def _entry(asset: AssetKey, key: str) -> EventLogEntry:
    event = DagsterEvent(
        event_type_value=DagsterEventType.ASSET_MATERIALIZATION.value,
        job_name="daily_report_job",
        event_specific_data=StepMaterializationData(AssetMaterialization(asset, partition=key)),
    )
    return EventLogEntry(  # type: ignore[no-untyped-call]  # untyped in Dagster
        error_info=None,
        level="debug",
        user_message="",
        run_id="00000000-0000-0000-0000-000000000000",
        timestamp=time.time(),
        dagster_event=event,
    )


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
