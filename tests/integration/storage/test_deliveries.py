"""The outbox over real rows: each part at most once, in order, whatever the provider answers."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from synkro_assets.delivery.outbox import LONGEST_PAUSE_SECONDS, Pass, deliver_report
from synkro_assets.domain.business_day import Window
from synkro_assets.domain.errors import (
    OutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
    RateLimited,
)
from synkro_assets.domain.tenant import Tenant
from synkro_assets.storage.database import Database
from synkro_assets.storage.deliveries import (
    Part,
    claim_next_part,
    parts_of_day,
    queue_parts,
    was_ever_sent,
)
from synkro_assets.storage.reports import ReportRow, save_daily_report
from tests.databases import as_owner
from tests.integration.storage.conftest import DAY

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
Answer = Exception | None


class Messenger:
    """A channel that answers as it is told, and well once it has nothing more to say."""

    def __init__(self, *answers: Answer) -> None:
        self._answers, self.bodies = list(answers), list[str]()

    def send_message(self, recipient: str, html: str) -> str:
        self.bodies.append(html)
        answer = self._answers.pop(0) if self._answers else None
        if answer is not None:
            raise answer
        return f"message {len(self.bodies)}"


class Outbox:
    """The outbox of one report of one tenant."""

    def __init__(self, database: Database, tenant: Tenant) -> None:
        self.database, self.tenant_id = database, tenant.tenant_id
        self.pauses: list[float] = []
        window = Window(NOON, NOON)
        row = ReportRow(DAY, window, "complete", "text", {}, "day", None, 60)
        with database.tenant_transaction(self.tenant_id) as connection:
            self.report_id: UUID = save_daily_report(connection, self.tenant_id, row, NOON)

    def queue(self, *bodies: str) -> int:
        with self.database.tenant_transaction(self.tenant_id) as connection:
            return queue_parts(
                connection, self.tenant_id, self.report_id, "telegram", "-100", bodies
            )

    def deliver(self, messenger: Messenger) -> Pass:
        return deliver_report(
            self.database, self.tenant_id, self.report_id, messenger, self.pauses.append
        )

    def claim(self) -> Part | None:
        with self.database.tenant_transaction(self.tenant_id) as connection:
            return claim_next_part(connection, self.tenant_id, self.report_id)

    def parts(self) -> list[Part]:
        with self.database.tenant_transaction(self.tenant_id) as connection:
            return parts_of_day(connection, self.tenant_id, DAY)

    def statuses(self) -> list[str]:
        return [part.status for part in self.parts()]

    def change(self, assignment: str) -> None:
        with as_owner(self.database) as connection:
            connection.execute(f"update app.deliveries set {assignment}")  # type: ignore[arg-type]

    def was_sent(self) -> bool:
        with self.database.tenant_transaction(self.tenant_id) as connection:
            return was_ever_sent(connection, self.tenant_id, self.report_id)


@pytest.fixture
def outbox(database: Database, tenant: Tenant) -> Outbox:
    return Outbox(database, tenant)


def test_parts_go_in_order_and_once(outbox: Outbox) -> None:
    assert outbox.queue("one", "two", "three") == 3
    messenger = Messenger()
    assert outbox.deliver(messenger) == Pass(("message 1", "message 2", "message 3"), ())
    assert outbox.deliver(messenger) == Pass((), ())
    assert messenger.bodies == ["one", "two", "three"]
    sent = outbox.parts()
    assert [part.provider_message_id for part in sent] == ["message 1", "message 2", "message 3"]
    assert all(part.sent_at and part.attempts == 1 for part in sent)


def test_a_report_that_was_sent_is_not_queued_again(outbox: Outbox) -> None:
    outbox.queue("one")
    outbox.deliver(Messenger())
    assert outbox.was_sent()
    assert outbox.queue("one, corrected") == 0
    assert [part.body for part in outbox.parts()] == ["one"]


def test_a_report_that_nobody_began_to_send_is_queued_anew(outbox: Outbox) -> None:
    outbox.queue("one", "two")
    assert outbox.queue("one only") == 1
    assert [part.body for part in outbox.parts()] == ["one only"]
    assert not outbox.was_sent()


def test_a_short_pause_is_kept_and_the_part_tried_again(outbox: Outbox) -> None:
    outbox.queue("one", "two")
    pass_over = Messenger(RateLimited("telegram", "too many", retry_after=0.0))
    assert outbox.deliver(pass_over).problems == ()
    assert pass_over.bodies == ["one", "one", "two"]
    assert outbox.pauses == [0.0]
    assert [part.attempts for part in outbox.parts()] == [2, 1]


def test_a_long_pause_is_left_to_a_later_pass(outbox: Outbox) -> None:
    outbox.queue("one", "two")
    pause = LONGEST_PAUSE_SECONDS + 1
    messenger = Messenger(RateLimited("telegram", "too many", retry_after=pause))
    assert outbox.deliver(messenger).problems == ("part 1 of 2: too many",)
    assert messenger.bodies == ["one"]
    assert outbox.statuses() == ["pending", "pending"]
    assert outbox.deliver(messenger) == Pass((), ())
    outbox.change("next_attempt_at = now()")
    assert len(outbox.deliver(messenger).sent) == 2
    assert messenger.bodies == ["one", "one", "two"]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (OutcomeUnknown("telegram", "no answer came"), "unknown"),
        (ProviderRefused("telegram", "the bot was kicked"), "failed"),
    ],
)
def test_a_part_that_may_not_be_sent_again_does_not_hold_back_the_later_ones(
    outbox: Outbox, answer: Exception, status: str
) -> None:
    outbox.queue("one", "two")
    messenger = Messenger(answer)
    done = outbox.deliver(messenger)
    assert done.sent == ("message 2",)
    assert done.problems == (f"part 1 of 2: {answer}",)
    assert outbox.statuses() == [status, "sent"]
    assert outbox.parts()[0].last_error == str(answer)
    outbox.deliver(messenger)
    assert messenger.bodies == ["one", "two"]


def test_a_provider_that_stays_away_is_given_up_on(outbox: Outbox) -> None:
    outbox.queue("one")
    messenger = Messenger(*[ProviderUnavailable("telegram", "502")] * 9)
    done = Pass((), ())
    for _ in range(9):
        outbox.change("next_attempt_at = now()")
        done = outbox.deliver(messenger)
        if done.problems:
            break
    assert done.problems == ("part 1 of 1: 502",)
    assert len(messenger.bodies) == 5
    assert outbox.statuses() == ["failed"]


def test_a_sender_that_died_leaves_its_part_unknown(outbox: Outbox) -> None:
    outbox.queue("one", "two")
    taken = outbox.claim()
    assert taken is not None
    assert outbox.claim() is None, "the second part waits for the first"
    outbox.change("lease_until = now() - interval '1 second' where status = 'sending'")
    messenger = Messenger()
    assert outbox.deliver(messenger).sent == ("message 1",)
    assert messenger.bodies == ["two"]
    assert outbox.statuses() == ["unknown", "sent"]
    assert outbox.queue("again") == 0


def test_two_recipients_do_not_wait_for_each_other(outbox: Outbox) -> None:
    outbox.queue("one")
    with as_owner(outbox.database) as connection:
        connection.execute(
            "insert into app.deliveries (tenant_id, report_id, channel, recipient, part, parts, "
            "body) select tenant_id, report_id, channel, '-200', part, parts, body "
            "from app.deliveries"
        )
    claimed: list[Any] = [outbox.claim(), outbox.claim(), outbox.claim()]
    assert [part and part.recipient for part in claimed] == ["-100", "-200", None]
