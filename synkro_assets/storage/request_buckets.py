"""``app.provider_slots``: the state of every bucket of every account, one row each.

What lives here: reading, locking and keeping the rows. Who waits for what is ``request_slots``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from synkro_assets.domain.pacing import Pace
from synkro_assets.storage.arrays import array_of_floats
from synkro_assets.storage.database import Connection, scalar


class Known(NamedTuple):
    """A bucket as a process left it, and how far the account's time was ahead of monotonic then."""

    bucket: str
    pace: Pace
    ahead: float


def paces_of(
    connection: Connection, account: str, buckets: Iterable[str]
) -> tuple[dict[str, Pace], float]:
    """The buckets' states, locked, and the time (seconds since 1970) after the locks were had."""
    # Whoever takes several takes them in the same order, or two would wait for each other.
    paces = {bucket: _locked(connection, account, bucket) for bucket in sorted(buckets)}
    now = connection.execute("select extract(epoch from clock_timestamp())::float8 as now")
    return paces, float(scalar(now.fetchone()))


def _locked(connection: Connection, account: str, bucket: str) -> Pace:
    names = [account, bucket]
    look = (
        "select recent, share, share_at, paused_until from app.provider_slots "
        "where account = %s and bucket = %s for update"
    )
    row = connection.execute(look, names).fetchone()
    if row is None:
        connection.execute(
            "insert into app.provider_slots (account, bucket) values (%s, %s) "
            "on conflict (account, bucket) do nothing",
            names,
        )
        row = connection.execute(look, names).fetchone()
    assert row is not None
    return Pace(tuple(row["recent"]), row["share"], row["share_at"], row["paused_until"])


def keep(connection: Connection, account: str, paces: Mapping[str, Pace]) -> None:
    """Store what became of buckets that are locked."""
    for bucket, pace in paces.items():
        connection.execute(
            "update app.provider_slots set recent = %s::float8[], share = %s, share_at = %s, "
            "paused_until = %s where account = %s and bucket = %s",
            [
                array_of_floats(pace.recent), pace.share, pace.share_at, pace.paused_until,
                account, bucket,
            ],
        )  # fmt: skip


def keep_unchanged(
    connection: Connection, account: str, stopped_as: str, known: Known, pace: Pace
) -> float | None:
    """Keep a bucket's state if nobody changed it or stopped the account; the account's time.

    ``stopped_as`` is the account's name in ``account_stops``.
    """
    before = known.pace
    row = connection.execute(
        "update app.provider_slots set recent = %s::float8[] where account = %s and bucket = %s "
        "and recent = %s::float8[] and share = %s and share_at = %s and paused_until = %s "
        "and not exists (select from app.provider_stops as stop "
        "where stop.account = %s and stop.times > 0) "
        "returning extract(epoch from clock_timestamp())::float8 as now",
        [
            array_of_floats(pace.recent), account, known.bucket, array_of_floats(before.recent),
            before.share, before.share_at, before.paused_until, stopped_as,
        ],
    ).fetchone()  # fmt: skip
    return None if row is None else float(scalar(row))
