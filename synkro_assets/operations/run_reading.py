"""Reading the ledger for people: a tenant's runs and one run's step log.

What lives here: plain values and table rows. Stopping and reaping is ``run_supervision.py``.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.run_supervision import run_of_ledger
from synkro_assets.storage.run_supervision import events_of, runs_of

COLUMNS = ("run", "what", "asked by", "status", "step", "started", "took", "error")


def listed(platform: Platform, tenant: Tenant, limit: int) -> list[dict[str, Any]]:
    """A tenant's runs as plain values, newest first; times are ISO 8601 in UTC."""
    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
        return _plain(runs_of(connection, tenant.tenant_id, limit))


def log(platform: Platform, job_run_id: int) -> list[dict[str, Any]]:
    """A run's events as plain values, oldest first; raises UsageProblem when there is no run."""
    run = run_of_ledger(platform, job_run_id)
    with platform.database.tenant_transaction(run["tenant_id"]) as connection:
        return _plain(events_of(connection, run["tenant_id"], job_run_id))


def row(run: dict[str, Any], tenant: Tenant) -> list[str]:
    """A run as a row of COLUMNS; times in the tenant's zone."""
    zone = ZoneInfo(tenant.config.timezone)
    started, finished = (_instant(run[name]) for name in ("started_at", "finished_at"))
    took = f"{(finished - started).total_seconds():.0f} s" if started and finished else ""
    progress = f" {run['progress']} %" if run["status"] == "running" else ""
    return [
        str(run["job_run_id"]),
        _what(run, zone),
        f"{run['requested_by']} ({run['trigger_type']})",
        run["status"] + progress,
        run["current_step"] or _held(run, zone),
        f"{started.astimezone(zone):%Y-%m-%d %H:%M:%S}" if started else "",
        took,
        run["error"] or "",
    ]


def log_rows(events: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """A run's events as rows."""
    return [
        (
            f"{_instant(event['created_at']):%Y-%m-%d %H:%M:%S}",
            event["level"],
            event["step"] or "",
            event["message"],
        )
        for event in events
    ]


def _what(run: dict[str, Any], zone: ZoneInfo) -> str:
    if run["job_type"] == "forced_report" and run["window_start"]:
        start, end = (_instant(run[name]) for name in ("window_start", "window_end"))
        assert start is not None
        assert end is not None
        return f"{start.astimezone(zone):%Y-%m-%d %H:%M} to {end.astimezone(zone):%Y-%m-%d %H:%M}"
    first, last = run["first_business_day"], run["business_day"]
    if last is None:
        return str(run["job_type"])
    return str(last) if first in (None, last) else f"{first} to {last}"


def _held(run: dict[str, Any], zone: ZoneInfo) -> str:
    until = _instant(run["not_before"])
    if run["status"] != "pending" or until is None:
        return ""
    return f"waits for {run['waits_for']} until {until.astimezone(zone):%Y-%m-%d %H:%M}"


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    def as_text(value: Any) -> str:
        return value.isoformat() if hasattr(value, "isoformat") else str(value)

    return json.loads(json.dumps(rows, default=as_text))  # type: ignore[no-any-return]  # a list stays a list
