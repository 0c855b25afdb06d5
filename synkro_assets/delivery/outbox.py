"""Sending what the outbox holds for a report: parts in order, each at most once.

What lives here: one pass over a report's parts and what each answer of the provider means for them.
The states are stored by ``storage/deliveries.py``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from synkro_assets.domain.errors import (
    NothingToDeliver,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
)
from synkro_assets.storage.database import Database
from synkro_assets.storage.deliveries import Part, claim_next_part, mark_part

# Longer pauses are left to a later pass instead of holding a run open.
LONGEST_PAUSE_SECONDS = 60.0
MAX_ATTEMPTS = 5


class Messenger(Protocol):
    """A channel that sends one message to a recipient and returns the provider's message id."""

    def send_message(self, recipient: str, html: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass over a report's outbox did."""

    sent: tuple[str, ...]
    problems: tuple[str, ...]


def deliver_report(
    database: Database,
    tenant_id: UUID,
    report_id: UUID,
    messenger: Messenger,
    sleep: Callable[[float], None] = time.sleep,
) -> Pass:
    """Send every part that is due, in order; one part's trouble does not hold back the later ones.

    A pause the provider asks for is kept if it is short, else the part stays queued. A part whose
    answer never came may have arrived: it is not sent again.
    """
    sent: list[str] = []
    problems: list[str] = []
    while True:
        with database.tenant_transaction(tenant_id) as connection:
            part = claim_next_part(connection, tenant_id, report_id)
        if part is None:
            return Pass(tuple(sent), tuple(problems))
        try:
            message_id = messenger.send_message(part.recipient, part.body)
        except ProviderError as problem:
            pause = _record_problem(database, tenant_id, part, problem)
            if pause is None:
                problems.append(f"part {part.part} of {part.parts}: {problem}")
            elif pause > LONGEST_PAUSE_SECONDS:
                problems.append(f"part {part.part} of {part.parts}: {problem}")
                return Pass(tuple(sent), tuple(problems))
            else:
                sleep(pause)
            continue
        with database.tenant_transaction(tenant_id) as connection:
            mark_part(connection, tenant_id, part, "sent", provider_message_id=message_id)
        sent.append(message_id)


def _record_problem(
    database: Database, tenant_id: UUID, part: Part, problem: ProviderError
) -> float | None:
    """Store what became of a part; returns the pause before it may be tried again, if it may."""
    pause: float | None = None
    status = "failed"
    if isinstance(problem, OutcomeUnknown):
        status = "unknown"
    elif problem.is_transient and part.attempts < MAX_ATTEMPTS:
        status = "pending"
        named = problem.retry_after if isinstance(problem, RateLimited) else None
        pause = float(named if named is not None else 2**part.attempts)
    with database.tenant_transaction(tenant_id) as connection:
        mark_part(
            connection, tenant_id, part, status,
            error=str(problem), retry_after_seconds=pause or 0,
        )  # fmt: skip
    return pause


def require_queued(parts: list[Part], where: str) -> None:
    """Raise NothingToDeliver when a report has no parts in the outbox."""
    if not parts:
        raise NothingToDeliver(
            f"nothing is queued for {where}: make the report with --deliver, or materialize "
            "reports/daily_report with the run tag synkro/deliver=yes"
        )
