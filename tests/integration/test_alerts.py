"""Alerts: one message per tenant, subject and day, and never at the work's cost."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from synkro_assets.operations.alerts import raise_alert
from synkro_assets.operations.platform import Platform
from tests.stage import Scene

SUBJECT = "amocrm_reconnect"
TEXT = "reconnect amoCRM: <its token ended>"


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A clock that stands where the test put it."""

    time: datetime

    def now(self) -> datetime:
        return self.time


def at(scene: Scene, **later: int) -> Platform:
    """The platform some time after noon UTC of the scene's day."""
    noon = scene.window.start.replace(hour=12)
    return replace(scene.platform, clock=FixedClock(noon + timedelta(**later)))


def test_the_same_alert_is_sent_once_a_day_and_again_the_next(scene: Scene) -> None:
    for platform in (at(scene), at(scene, minutes=30)):
        raise_alert(platform, scene.tenant, SUBJECT, TEXT)
    assert len(scene.chat()) == 1
    raise_alert(at(scene, days=1), scene.tenant, SUBJECT, TEXT)
    assert len(scene.chat()) == 2
    assert all("its token ended" in str(message) for message in scene.chat())


def test_two_subjects_are_two_alerts(scene: Scene) -> None:
    raise_alert(at(scene), scene.tenant, SUBJECT, TEXT)
    raise_alert(at(scene), scene.tenant, "amocrm_blocked", "amoCRM refuses everything")
    assert len(scene.chat()) == 2


def test_without_a_chat_the_alert_is_stored_unsent(scene: Scene) -> None:
    scene.disconnect("telegram")
    raise_alert(at(scene), scene.tenant, SUBJECT, TEXT)
    (row,) = scene.rows("select text, sent_at, last_error from app.alerts")
    assert row["text"] == TEXT
    assert row["sent_at"] is None
    assert "no telegram integration" in row["last_error"]


def test_an_alert_that_was_not_sent_is_sent_the_next_time(scene: Scene) -> None:
    scene.disconnect("telegram")
    raise_alert(at(scene), scene.tenant, SUBJECT, TEXT)
    scene.connect("telegram")
    raise_alert(at(scene, minutes=1), scene.tenant, SUBJECT, TEXT)
    raise_alert(at(scene, minutes=2), scene.tenant, SUBJECT, TEXT)
    assert len(scene.chat()) == 1
    (row,) = scene.rows("select sent_at, last_error from app.alerts")
    assert row["sent_at"] is not None
    assert row["last_error"] is None


def test_a_chat_that_refuses_does_not_fail_the_work(scene: Scene) -> None:
    scene.simulators.break_requests("telegram", "sendMessage", status=403)
    raise_alert(at(scene), scene.tenant, SUBJECT, TEXT)
    (row,) = scene.rows("select sent_at, last_error from app.alerts")
    assert row["sent_at"] is None
    assert row["last_error"]
    scene.simulators.calm()
    raise_alert(at(scene, minutes=1), scene.tenant, SUBJECT, TEXT)
    assert len(scene.chat()) == 1
