"""Accounts that refuse every request: ``app.provider_stops``.

What lives here: the rows, and how long nobody may ask after the first, second and third refusal.
What counts as a refusal of everything is each provider's (``providers/amocrm``). ``account`` names
the account and the key it is asked with: another key for it may well work.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from synkro_assets.storage.database import Connection

# A provider blocks for having been asked too much, so each try after a refusal comes later.
_PAUSES = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6))


@dataclass(frozen=True, slots=True)
class Stop:
    """Nobody asks the account until then; ``times`` it refused everything in a row."""

    until: datetime
    times: int
    reason: str
    status: int | None
    since: datetime | None = None


def stop_of(connection: Connection, account: str) -> Stop | None:
    """The account's stop, also one whose time is over; None after a request that worked."""
    row = connection.execute(
        "select stopped_until as until, times, reason, status, stopped_since as since "
        "from app.provider_stops "
        "where account = %s and times > 0",
        [account],
    ).fetchone()
    return None if row is None else Stop(**row)


def named_stop(connection: Connection, account: str) -> Stop | None:
    """``stop_of`` in a transaction that is about no account yet."""
    connection.execute("select set_config('app.provider_key', %s, true)", [account])
    return stop_of(connection, account)


def stop_account(
    connection: Connection, account: str, reason: str, status: int | None, now: datetime
) -> Stop:
    """Begin a pause, longer than the last one; a pause that is under way is left as it is."""
    connection.execute(
        "insert into app.provider_stops (account, stopped_until, times, reason, status) "
        "values (%s, %s, 0, %s, %s) on conflict (account) do nothing",
        [account, now, reason, status],
    )
    row = connection.execute(
        "select stopped_until, times, stopped_since from app.provider_stops "
        "where account = %s for update",
        [account],
    ).fetchone()
    times = 0 if row is None else int(row["times"])
    until = now if row is None else row["stopped_until"]
    since = now if times == 0 or row is None else row["stopped_since"]
    if times == 0 or until <= now:
        until = now + _PAUSES[min(times, len(_PAUSES) - 1)]
        times += 1
    connection.execute(
        "update app.provider_stops set stopped_until = %s, times = %s, reason = %s, status = %s, "
        "stopped_since = %s where account = %s",
        [until, times, reason, status, since, account],
    )
    return Stop(until, times, reason, status, since)


def clear_stop(connection: Connection, account: str) -> None:
    """The account answers again: the next pause is a short one."""
    connection.execute(
        "update app.provider_stops set times = 0 where account = %s and times > 0", [account]
    )
