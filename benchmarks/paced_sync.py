"""A full amoCRM sync at the account's limit of 7 requests a second, by one process and by two.

What lives here: the limit switched on, real processes through the product's own ingestion, and what
the simulator counted when their requests arrived. How fast a sync is without a limit is
``sync_rate``, how many requests a day costs is ``sources``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from benchmarks.processes import measure
from benchmarks.stage import Stage
from benchmarks.table import Line, at_most, noted
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations import integration_settings

PER_SECOND = 7
LEADS, AT_ONCE = 10_000, 100
# About what amoCRM takes for a page.
_ANSWERING_SECONDS = 0.2
_SLOWLY = {
    "match": {"provider": "amocrm"},
    "count": None,
    "action": {"delay_seconds": _ANSWERING_SECONDS},
}


@dataclass(frozen=True, slots=True)
class _Sync:
    """One sync, by however many processes; ``reading`` is from the first arrival to the last."""

    requests: int
    too_many: int
    busiest_second: int
    seconds: float
    reading: float
    cpu: float
    simulator: float
    peak_mib: float

    def against_pace(self, seconds: float) -> float:
        """How many times the seconds are what the requests need at the limit."""
        return seconds / (self.requests / PER_SECOND)


def measure_paced_sync(stage: Stage) -> list[Line]:
    """A day of 10,000 leads, as many contacts and events, read and stored; then by two tenants of
    one account at once, each in a process of its own.

    Bounds of the issue: no more than 5 % over what the requests need at 7 a second, no refusal, and
    in no second more than 7. The seconds are those of the whole work, from the opening of the
    client to the last commit; of two processes from the first's beginning to the last's end.
    Requests are counted where they arrive, in the simulator's log; how long it took from the first
    to the last is noted, and what the whole took besides is storing.

    A provider's answers take longer than the simulator's, and whoever waits for each before asking
    on does not come up to the limit: how near it is come to then is noted too.
    """
    one, other = stage.tenant("paced"), stage.tenant("paced-too")
    day = _planted_day(stage, one, other)
    stage.simulators.ask("POST", "limits", {"enabled": True, "amocrm_per_second": PER_SECOND})
    try:
        alone = _synced(stage, [one], day)
        together = _synced(stage, [one, other], day)
        stage.simulators.ask("POST", "faults", _SLOWLY)
        slowly = _synced(stage, [one], day)
    finally:
        stage.simulators.ask("DELETE", "faults")
        stage.simulators.ask("POST", "limits", {"enabled": False})
    return [
        *_told("one process", alone),
        *_told("two processes", together),
        noted(
            f"sync at 7/s with answers after {_ANSWERING_SECONDS} s: against requests / 7 s",
            slowly.against_pace(slowly.seconds),
            "x",
        ),
        at_most("sync at 7/s with slow answers: refused with 429", slowly.too_many, 0, ""),
        at_most(
            "sync at 7/s with slow answers: busiest second", slowly.busiest_second, PER_SECOND, ""
        ),
    ]


def _told(who: str, sync: _Sync) -> list[Line]:
    return [
        noted(f"sync at 7/s by {who}: requests", sync.requests, ""),
        noted(f"sync at 7/s by {who}: first request to last", sync.reading, "s"),
        noted(f"sync at 7/s by {who}: all of it", sync.seconds, "s"),
        noted(f"sync at 7/s by {who}: CPU of it", sync.cpu, "s"),
        noted(f"sync at 7/s by {who}: seconds in the simulator", sync.simulator, "s"),
        noted(f"sync at 7/s by {who}: peak memory of a process", sync.peak_mib, "MiB"),
        at_most(f"sync at 7/s by {who}: refused with 429", sync.too_many, 0, ""),
        at_most(f"sync at 7/s by {who}: busiest second", sync.busiest_second, PER_SECOND, ""),
        noted(
            f"sync at 7/s by {who}: reading against requests / 7 s",
            sync.against_pace(sync.reading),
            "x",
        ),
        at_most(
            f"sync at 7/s by {who}: all of it against requests / 7 s",
            sync.against_pace(sync.seconds),
            1.05,
            "x",
        ),
    ]


def _planted_day(stage: Stage, *tenants: Tenant) -> BusinessDay:
    """A day of leads of the first tenant's account, which all of the tenants are connected to."""
    day = stage.latest_closed(tenants[0])
    window = tenants[0].config.calendar.window(day)
    account = stage.load(tenants[0], day, dialogs=0)["amocrm"]
    for tenant in tenants:
        values = account | {"requests_per_second": PER_SECOND}
        integration_settings.save(stage.platform, tenant, "amocrm", values)
    for number in range(LEADS // AT_ONCE):
        at = window.start + timedelta(minutes=5 + number)
        order = {"count": AT_ONCE, "at": at.isoformat()}
        stage.simulators.ask("POST", f"amocrm/leads/{tenants[0].slug}", order)
    return day


def _synced(stage: Stage, tenants: Sequence[Tenant], day: BusinessDay) -> _Sync:
    """The tenants' days read at once, each by a process of its own."""
    stage.simulators.forget_requests()
    with ThreadPoolExecutor(len(tenants)) as pool:
        told = list(pool.map(lambda tenant: _stored(stage, tenant, day), tenants))
    log = stage.simulators.ask("GET", "log?provider=amocrm&limit=100000")
    summary = log["summary"]["amocrm"]
    arrivals = [datetime.fromisoformat(row["started_at"]).timestamp() for row in log["requests"]]
    return _Sync(
        requests=summary["count"],
        too_many=summary["statuses"].get("429", 0),
        busiest_second=summary["max_in_any_second"],
        seconds=max(each["ended"] for each in told) - min(each["began"] for each in told),
        reading=max(arrivals) - min(arrivals),
        cpu=sum(each["cpu"] for each in told),
        simulator=summary["handler_seconds"],
        peak_mib=max(each["peak_mib"] for each in told),
    )


def _stored(stage: Stage, tenant: Tenant, day: BusinessDay) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.stored_days", "amocrm", tenant.slug]
    done = measure([*command, str(day), str(day)], stage.environment)
    told: dict[str, Any] = json.loads(done.stdout)
    return told
