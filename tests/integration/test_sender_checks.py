"""Checks of Resend, Whapi and Mobizon over real HTTP: what is right, what is wrong, what goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from synkro_assets.operations import integration_settings
from synkro_assets.operations.integration_checks import CheckOutcome, check_integrations
from synkro_assets.operations.integration_settings import stored
from tests.databases import as_owner
from tests.integration.command_line import CommandLine
from tests.stage import Scene

KINDS = {"resend": "api_key", "whapi": "token", "mobizon": "api_key"}
SEND_PATHS = {"resend": "emails", "whapi": "messages", "mobizon": "sendSmsMessage"}


class Bench:
    """Checks the senders of a tenant; nothing they say or log may hold a secret."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.said, self.secrets = scene, list[str](), set[str]()
        worlds = scene.simulators.ask("GET", "worlds")["worlds"]
        (world,) = (each for each in worlds if each["tenant"] == scene.tenant.slug)
        self.fields: dict[str, dict[str, Any]] = world["senders"]
        for kind in KINDS:
            self.save(kind)

    def save(self, kind: str, **changes: Any) -> None:
        values = {**self.fields[kind], **changes}
        self.secrets.add(values[KINDS[kind]])
        integration_settings.save(self.scene.platform, self.scene.tenant, kind, values)

    def check(self, kind: str, *, send: bool = False) -> CheckOutcome:
        platform, tenant = self.scene.platform, self.scene.tenant
        (outcome,) = check_integrations(platform, tenant, kind, is_asked_to_send=send)
        self.said.append(json.dumps(outcome.as_dict(), ensure_ascii=False) + outcome.shown())
        kept = stored(platform, tenant)[kind]
        assert (kept.status, kept.last_error) == (outcome.status, outcome.error)
        return outcome

    def complaint(self, kind: str, *, send: bool = False) -> str:
        outcome = self.check(kind, send=send)
        assert outcome.status == "error"
        assert outcome.error is not None
        assert "\n" not in outcome.error
        return outcome.error

    def fails(self, kind: str, path: str = ".", **action: Any) -> None:
        self.scene.simulators.break_requests(kind, path, **action)

    def arrived(self, kind: str) -> list[dict[str, Any]]:
        path = f"inbox/{kind}?tenant={self.scene.tenant.slug}"
        messages: list[dict[str, Any]] = self.scene.simulators.ask("GET", path)["messages"]
        return messages

    def asked(self, kind: str) -> list[dict[str, Any]]:
        log = self.scene.simulators.ask("GET", f"log?provider={kind}")
        requests: list[dict[str, Any]] = log["requests"]
        return requests

    def rows(self) -> list[dict[str, Any]]:
        with as_owner(self.scene.platform.database) as connection:
            return connection.execute("select * from public.integration_logs").fetchall()


@pytest.fixture
def bench(scene: Scene, impatient: None, caplog: pytest.LogCaptureFixture) -> Iterator[Bench]:
    bench = Bench(scene)
    yield bench
    scene.platform.log_rows.close()
    logged = json.dumps(bench.rows(), default=str, ensure_ascii=False)
    assert logged != "[]"
    everything = " ".join((*bench.said, logged, caplog.text))
    assert not [secret for secret in bench.secrets if secret in everything]


GOOD = {
    "resend": ("domain", "verified"),
    "whapi": ("state", "AUTH"),
    "mobizon": ("balance", "4521.6500 KZT"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_integration_is_ok_and_nothing_is_sent(bench: Bench, kind: str) -> None:
    outcome = bench.check(kind)
    assert (outcome.status, outcome.error) == ("ok", None)
    name, words = GOOD[kind]
    assert words in outcome.seen[name]
    assert outcome.seen["test_message"].startswith("not sent")
    assert bench.arrived(kind) == []


@pytest.mark.parametrize("kind", KINDS)
def test_one_test_message_goes_out_when_it_is_asked_for(bench: Bench, kind: str) -> None:
    outcome = bench.check(kind, send=True)
    (arrived,) = bench.arrived(kind)
    assert outcome.seen["test_message"] == arrived["id"]
    fields = bench.fields[kind]
    to = arrived.get("to") or arrived["recipient"]
    assert to in (fields.get("to"), (fields.get("to") or fields.get("recipients"))[0])
    assert "Synkro" in (arrived.get("text") or arrived["body"])


WRONG_KEY = {
    "resend": "Resend answered 403: the API key is not accepted",
    "whapi": "Whapi answered 401: the token is not accepted",
    "mobizon": "Mobizon answered 8: the API key is not accepted",
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_key_is_named_once(bench: Bench, kind: str) -> None:
    bench.save(kind, **{KINDS[kind]: "a-wrong-key-of-thirty-characters"})
    assert bench.complaint(kind).startswith(WRONG_KEY[kind])
    assert len(bench.asked(kind)) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("action", "words"),
    [
        ({"status": 200, "body": "<html>maintenance</html>"}, "not JSON"),
        ({"close_mid_body": True}, "broke off in the middle"),
        ({"status": 503, "body": "bad gateway"}, "try again later"),
        ({"status": 429, "body": "slow", "headers": {"retry-after": "900"}}, "too many requests"),
    ],
)
def test_a_provider_that_is_not_well_is_an_error_with_a_sentence(
    bench: Bench, kind: str, action: dict[str, Any], words: str
) -> None:
    bench.fails(kind, **action)
    assert words in bench.complaint(kind)


LOST: list[dict[str, Any]] = [
    {"drop_after_commit": True},
    {"close_mid_body": True},
    {"status": 200, "body": "<html>maintenance</html>"},
    {"status": 502, "body": "bad gateway"},
]


@pytest.mark.parametrize("kind", ["whapi", "mobizon"])
@pytest.mark.parametrize("action", LOST, ids=lambda action: str(next(iter(action.values()))))
def test_a_message_whose_answer_was_lost_is_not_sent_again(
    bench: Bench, kind: str, action: dict[str, Any]
) -> None:
    bench.fails(kind, SEND_PATHS[kind], count=1, **action)
    assert "may have been delivered" in bench.complaint(kind, send=True)
    assert len([row for row in bench.asked(kind) if row["method"] == "POST"]) == 1


@pytest.mark.parametrize("action", LOST[:2], ids=lambda action: str(next(iter(action))))
def test_an_email_whose_answer_was_lost_arrives_once(bench: Bench, action: dict[str, Any]) -> None:
    bench.fails("resend", "emails", count=2, **action)
    outcome = bench.check("resend", send=True)
    (arrived,) = bench.arrived("resend")
    assert outcome.seen["test_message"] == arrived["id"]
    assert len([row for row in bench.asked("resend") if row["method"] == "POST"]) == 3


@pytest.mark.parametrize(
    ("quota", "words"), [("daily", "today's e-mails"), ("monthly", "this month's e-mails")]
)
def test_a_spent_quota_is_not_tried_again(bench: Bench, quota: str, words: str) -> None:
    bench.scene.simulators.switch(resend_quota=quota)
    assert words in bench.complaint("resend", send=True)
    assert len([row for row in bench.asked("resend") if row["method"] == "POST"]) == 1


def test_a_key_that_may_only_send_is_a_good_key(bench: Bench) -> None:
    bench.scene.simulators.switch(resend_key_only_sends=True)
    outcome = bench.check("resend", send=True)
    assert outcome.status == "ok"
    assert "may only send" in outcome.seen["note"]
    assert [row["id"] for row in bench.arrived("resend")] == [outcome.seen["test_message"]]


@pytest.mark.parametrize(
    ("status", "words"), [("pending", "is pending"), (None, "is not among the account's domains")]
)
def test_a_sender_whose_domain_is_not_verified(bench: Bench, status: Any, words: str) -> None:
    bench.scene.simulators.switch(resend_domain_status=status)
    said = bench.complaint("resend")
    assert words in said
    assert "verify it" in said


STATES = {"QR": "scan the QR code", "INIT": "in a minute", "LAUNCH": "in a minute",
          "STOP": "start it", "SYNC_ERROR": "restart it"}  # fmt: skip


@pytest.mark.parametrize(("state", "words"), STATES.items())
def test_a_channel_that_is_not_connected(bench: Bench, state: str, words: str) -> None:
    bench.scene.simulators.switch(whapi_state=state)
    assert words in bench.complaint("whapi", send=True)
    assert bench.arrived("whapi") == []


CODES = {13: "set base_url to https://api.mobizon.ua", 14: "the account is blocked",
         30: "too many requests", 9: "lacks the right"}  # fmt: skip


@pytest.mark.parametrize(("code", "words"), CODES.items())
def test_a_code_of_mobizon_is_an_error_though_its_status_is_200(
    bench: Bench, code: int, words: str
) -> None:
    bench.scene.simulators.switch(mobizon_code=code)
    assert words in bench.complaint("mobizon")
    bench.scene.platform.log_rows.close()
    assert {row["error_code"] for row in bench.rows()} == {str(code)}


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_to_write_to_is_said_before_anything_goes_out(bench: Bench, kind: str) -> None:
    bench.save(kind, **({"recipients": []} if kind == "mobizon" else {"to": []}))
    assert "add a recipient" in bench.complaint(kind, send=True)
    assert [row for row in bench.asked(kind) if row["method"] == "POST"] == []


def test_the_command_sends_only_when_told_to(bench: Bench) -> None:
    scene = bench.scene
    synkro = CommandLine(scene.platform.home, scene.platform.database.url, [])
    for arguments, count in (((), 0), (("--no-send",), 0), (("--send",), 1)):
        done = synkro.here("integrations", "check", scene.tenant.slug, "mobizon", *arguments)
        assert done.code == 0
        assert len(bench.arrived("mobizon")) == count
