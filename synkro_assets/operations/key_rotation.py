"""Sealing every stored secret with the newest key, and saying which ones are not.

What lives here: the walk over all secrets and the account of it. Keys and envelopes are
``storage/key_ring.py``; the locks under which a value is replaced, ``storage/sealed_secrets.py``.

Nothing is remembered between two runs: a secret that the newest key opens is done. So a run that
was killed is finished by the next one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from synkro_assets.domain.errors import SecretUnreadable
from synkro_assets.operations.platform import Platform
from synkro_assets.storage.database import Connection
from synkro_assets.storage.key_ring import KeyRing
from synkro_assets.storage.sealed_secrets import (
    SEALED_COLUMNS,
    Outcome,
    SealedColumn,
    SealedSecret,
    count_secrets,
    reseal,
    secrets_after,
)

PAGE = 200
# A process with an older ring may save behind the walk; one that never stops has to be restarted.
MOST_WALKS = 3
REPORTED = (Outcome.RESEALED, Outcome.ALREADY_NEW, Outcome.UNREADABLE, Outcome.LOCKED)
COLUMNS = ("tenant", "kind", "re-sealed", "already new", "unreadable", "locked")

Judge = Callable[[SealedSecret], Outcome]
Place = tuple[SealedColumn, str, str]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one secret, with the reason when it could not be sealed anew."""

    tenant: str
    kind: str
    outcome: Outcome
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """What became of every secret; ``origin`` is where the keys stand."""

    verdicts: list[Verdict]
    origin: str

    def count(self, outcome: Outcome) -> int:
        return sum(verdict.outcome is outcome for verdict in self.verdicts)

    @property
    def left(self) -> list[Verdict]:
        """The secrets that could not be sealed anew."""
        return [each for each in self.verdicts if each.error is not None]

    def rows(self) -> list[dict[str, Any]]:
        """How many secrets of each tenant and kind met each outcome."""
        counted = Counter((each.tenant, each.kind, each.outcome) for each in self.verdicts)
        return [
            {"tenant": tenant, "kind": kind}
            | {outcome.value: counted[tenant, kind, outcome] for outcome in REPORTED}
            for tenant, kind in sorted({key[:2] for key in counted})
        ]

    def as_dict(self) -> dict[str, Any]:
        return {
            "is_complete": not self.left,
            **{outcome.value: self.count(outcome) for outcome in REPORTED},
            "secrets": self.rows(),
            "left": [
                {"tenant": each.tenant, "kind": each.kind, "error": each.error}
                for each in self.left
            ],
        }

    def sentence(self) -> str:
        """What was done, and whether older keys may go."""
        done, already = self.count(Outcome.RESEALED), self.count(Outcome.ALREADY_NEW)
        if self.left:
            names = ", ".join(f"{each.tenant} {each.kind}" for each in self.left)
            return (
                f"{done} re-sealed, {already} already new, {len(self.left)} left ({names}): "
                f"remove no key from {self.origin} before a run leaves none"
            )
        said = f"{done} re-sealed, {already} already new"
        return (
            f"{said if done else f'nothing to do, {said}'}: older keys may be removed from "
            f"{self.origin} once every process was restarted with the newest one first; "
            "a backup still needs the keys of its day"
        )


def rotate(platform: Platform, on_progress: Progress = lambda _done, _total: None) -> Account:
    """Seal every secret with the newest key; those that cannot be opened stay and are named."""
    found: dict[Place, Verdict] = {}
    with platform.database.console_session() as connection:
        judge = partial(_resealed, connection, platform.keys)
        for _ in range(MOST_WALKS):
            walked = dict(_walk(connection, judge, on_progress))
            found = {place: _told(found.get(place), each) for place, each in walked.items()}
            if all(each.outcome is not Outcome.RESEALED for each in walked.values()):
                break
    return Account(list(found.values()), platform.keys.origin)


def survey(platform: Platform) -> Account:
    """How every secret stands, with nothing changed."""
    with platform.database.console_session() as connection:
        found = dict(_walk(connection, partial(_looked_at, platform.keys)))
    return Account(list(found.values()), platform.keys.origin)


def _told(before: Verdict | None, now: Verdict) -> Verdict:
    """What a person is told of a secret that two walks met."""
    was_resealed = before is not None and before.outcome is Outcome.RESEALED
    return replace(now, outcome=Outcome.RESEALED) if was_resealed and not now.error else now


def _walk(
    connection: Connection, judge: Judge, on_progress: Progress = lambda _done, _total: None
) -> Iterator[tuple[Place, Verdict]]:
    total, done = sum(count_secrets(connection, column) for column in SEALED_COLUMNS), 0
    for column in SEALED_COLUMNS:
        last: SealedSecret | None = None
        while page := secrets_after(connection, column, last, PAGE):
            for secret in page:
                verdict = _verdict(secret, judge)
                if verdict.outcome is not Outcome.REMOVED:
                    yield (column, secret.slug, secret.kind), verdict
                done += 1
                on_progress(done, max(done, total))
            last = page[-1]


def _verdict(secret: SealedSecret, judge: Judge) -> Verdict:
    error = None
    try:
        outcome = judge(secret)
    except SecretUnreadable as problem:
        outcome, error = Outcome.UNREADABLE, str(problem)
    if outcome is Outcome.LOCKED:
        whose = f"the {secret.kind} secrets of {secret.owner}"
        error = f"{whose} are held by other work: run the command again"
    return Verdict(secret.slug, secret.kind, outcome, error)


def _resealed(connection: Connection, ring: KeyRing, secret: SealedSecret) -> Outcome:
    if _is_newest(ring, secret):
        return Outcome.ALREADY_NEW
    change = partial(ring.resealed, secret.tenant_id, secret.kind, owner=secret.owner)
    return reseal(connection, secret, change)


def _looked_at(ring: KeyRing, secret: SealedSecret) -> Outcome:
    if _is_newest(ring, secret):
        return Outcome.ALREADY_NEW
    ring.open(secret.tenant_id, secret.kind, secret.token, owner=secret.owner)
    return Outcome.OLDER


def _is_newest(ring: KeyRing, secret: SealedSecret) -> bool:
    return ring.is_newest(secret.tenant_id, secret.kind, secret.token, owner=secret.owner)
