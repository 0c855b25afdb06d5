"""Resend, Whapi and Mobizon: what is asked, what an answer means, what is never sent twice."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import httpx
import pytest

from synkro_assets.domain.errors import (
    OutcomeUnknown,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    RateLimited,
)
from synkro_assets.providers.mobizon import Balance
from synkro_assets.providers.resend import QuotaUsedUp, SendingOnlyKey, domain_of
from synkro_assets.providers.whapi import bad_state

from .conftest import SECRET, TEXT, Bench, answers

KINDS = ("resend", "whapi", "mobizon")
UNREPEATABLE = ("whapi", "mobizon")


def cut(request: httpx.Request) -> httpx.Response:
    def body():
        yield b'{"id": 1'
        raise httpx.RemoteProtocolError("peer closed connection")

    return httpx.Response(200, content=body())


def timing_out(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout(f"about {request.url}")


def page(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, html="<html>maintenance</html>")


LOST = (cut, timing_out, page)


def test_the_documented_answers_are_read(bench: Bench) -> None:
    domains = bench.look("resend", answers("resend/domains"))
    assert domains == {"acme.example": "verified", "shop.example": "pending"}
    sent = bench.send("resend", answers("resend/sent"))
    assert sent == "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"
    assert bench.look("whapi", answers("whapi/health")) == "AUTH"
    assert bench.look("whapi", answers("whapi/health_qr")) == "QR"
    assert bench.send("whapi", answers("whapi/sent")) == "PsqXn5SAD5v7HRA-wHqB9tMeGQ"
    assert bench.look("mobizon", answers("mobizon/balance")) == Balance("4521.6500", "KZT")
    assert bench.send("mobizon", answers("mobizon/sent")) == "125"
    assert bench.send("mobizon", answers("mobizon/in_background")) is None
    ids = [row.external_id for row in bench.surroundings.log.rows if row.method == "POST"]
    assert ids == [sent, "PsqXn5SAD5v7HRA-wHqB9tMeGQ", "125", None]


def test_an_email_carries_its_key(bench: Bench) -> None:
    bench.send("resend", answers("resend/sent"))
    (request,) = bench.asked
    assert str(request.url) == "https://api.resend.com/emails"
    assert request.headers["authorization"] == f"Bearer {SECRET}"
    assert request.headers["idempotency-key"] == "day-1"
    assert json.loads(request.content) == {
        "from": "Synkro <reports@acme.example>", "to": ["owner@acme.example"], "subject": "Тема",
        "text": TEXT,
    }  # fmt: skip


def test_a_whatsapp_message_goes_to_digits_and_slowly(bench: Bench) -> None:
    bench.send("whapi", answers("whapi/sent"))
    assert json.loads(bench.asked[0].content) == {"to": "77010000000", "body": TEXT}
    assert bench.surroundings.limiter.acquired == [("messages", 2 / 60), ("all", 1.0)]


def test_text_and_recipient_of_an_sms_stay_out_of_the_address(bench: Bench) -> None:
    bench.send("mobizon", answers("mobizon/sent"))
    (request,) = bench.asked
    assert request.method == "POST"
    assert request.url.path == "/service/message/sendSmsMessage"
    assert dict(request.url.params) == {"output": "json", "api": "v1", "apiKey": SECRET}
    form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
    assert form == {"recipient": "77010000000", "text": TEXT, "from": "Acme"}


REFUSALS = [
    ("resend", "refused_401", SendingOnlyKey, "allows this API key to send"),
    ("resend", "refused_403", ProviderRefused, "create one in Resend"),
    ("resend", "refused_422", ProviderRefused, "'from' is no sender"),
    ("resend", "refused_429_quota", QuotaUsedUp, "used up today's e-mails"),
    ("whapi", "refused_400", ProviderRefused, "check 'to'"),
    ("whapi", "refused_401", ProviderRefused, "token is not accepted"),
    ("whapi", "refused_402", ProviderRefused, "pay for the channel"),
    ("whapi", "refused_404", ProviderRefused, "check the channel"),
    ("whapi", "not_sent", ProviderRefused, "did not send"),
    ("mobizon", "refused_1", ProviderRefused, "Data validation failed: recipient"),
    ("mobizon", "refused_8", ProviderRefused, "API key is not accepted"),
    ("mobizon", "refused_13", ProviderRefused, "set base_url to https://api.mobizon.ua"),
    ("mobizon", "refused_999", ProviderRefused, "ask Mobizon"),
]


@pytest.mark.parametrize(("kind", "name", "error", "words"), REFUSALS)
def test_a_refusal_says_what_to_do_and_is_not_repeated(
    bench: Bench, kind: str, name: str, error: type[ProviderError], words: str
) -> None:
    for ask in (bench.look, bench.send) if name != "not_sent" else (bench.send,):
        bench.asked.clear()
        with pytest.raises(error) as caught:
            ask(kind, answers(f"{kind}/{name}"))
        assert words in str(caught.value)
        assert not caught.value.is_transient
        assert len(bench.asked) == 1
    assert bench.surroundings.slept == []


@pytest.mark.parametrize(
    "name", ["resend/refused_429_rate", "whapi/refused_429", "mobizon/refused_30"]
)
def test_a_look_waits_when_it_was_too_fast_and_goes_on(bench: Bench, name: str) -> None:
    kind = name.split("/")[0]
    good = {"resend": "domains", "whapi": "health", "mobizon": "balance"}[kind]
    turns = [answers(name), answers(f"{kind}/{good}")]
    assert bench.look(kind, lambda request: turns.pop(0)(request))
    assert len(bench.surroundings.slept) == 1
    assert bench.surroundings.limiter.penalties == [("all", 1.0)]


@pytest.mark.parametrize("name", ["whapi/refused_429", "mobizon/refused_30"])
def test_a_message_that_was_too_fast_is_left_to_whoever_sends(bench: Bench, name: str) -> None:
    with pytest.raises(RateLimited):
        bench.send(name.split("/")[0], answers(name))
    assert len(bench.asked) == 1


@pytest.mark.parametrize("handler", LOST)
@pytest.mark.parametrize("kind", UNREPEATABLE)
def test_a_message_whose_answer_was_lost_is_never_sent_again(bench, kind, handler) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        bench.send(kind, handler)
    assert "may have been delivered" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert len(bench.asked) == 1


@pytest.mark.parametrize("status", [500, 502, 504])
@pytest.mark.parametrize("kind", UNREPEATABLE)
def test_a_gateway_that_fails_may_have_let_the_message_through(bench, kind, status) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        bench.send(kind, lambda request: httpx.Response(status, text="bad gateway"))
    assert caught.value.status == status
    assert len(bench.asked) == 1


@pytest.mark.parametrize("handler", LOST)
def test_an_email_whose_answer_was_lost_is_asked_for_again_under_its_key(bench, handler) -> None:
    turns = [handler, handler, answers("resend/sent")]
    assert bench.send("resend", lambda request: turns.pop(0)(request))
    assert {request.headers["idempotency-key"] for request in bench.asked} == {"day-1"}
    assert {request.content for request in bench.asked} == {bench.asked[0].content}
    assert [row.will_retry for row in bench.surroundings.log.rows] == [True, True, False]


def test_a_refusal_after_a_lost_answer_does_not_say_that_nothing_went(bench: Bench) -> None:
    turns = [timing_out, answers("resend/refused_429_quota")]
    with pytest.raises(OutcomeUnknown):
        bench.send("resend", lambda request: turns.pop(0)(request))
    assert len(bench.asked) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_that_never_left_is_no_unknown_one(bench: Bench, kind: str) -> None:
    def refusing(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(ProviderUnavailable):
        bench.send(kind, refusing)


@pytest.mark.parametrize("body", [[], {}, {"status": "ok"}, {"code": 0, "data": []}, {"data": 1}])
@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_of_another_shape_is_no_success(bench: Bench, kind: str, body: object) -> None:
    def strange(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=body)

    if not (kind == "resend" and body == {"code": 0, "data": []}):
        with pytest.raises(ProviderUnavailable):
            bench.look(kind, strange)
    if not (kind == "mobizon" and body == {"code": 0, "data": []}):
        with pytest.raises(OutcomeUnknown):
            bench.send(kind, strange)


CODES = [
    (2, ProviderRefused), (3, ProviderUnavailable), (4, ProviderRefused), (5, ProviderRefused),
    (6, ProviderRefused), (9, ProviderRefused), (10, OutcomeUnknown), (11, ProviderRefused),
    (12, ProviderRefused), (14, ProviderRefused), (15, ProviderRefused), (30, RateLimited),
    (98, ProviderRefused), (99, ProviderRefused), (777, ProviderRefused),
]  # fmt: skip


@pytest.mark.parametrize(("code", "error"), CODES)
def test_mobizons_code_decides_and_not_its_status(bench, code, error) -> None:
    body = {"code": code, "data": {"recipient": "77010000000 is wrong"}, "message": "no"}
    with pytest.raises(error) as caught:
        bench.send("mobizon", lambda request: httpx.Response(200, json=body))
    assert type(caught.value) is error
    assert "77010000000" not in str(caught.value)
    assert len(bench.asked) == 1
    assert bench.surroundings.log.rows[0].error_code == str(code)


@pytest.mark.parametrize(
    ("data", "server"),
    [({"domain": "api.mobizon.ua"}, "https://api.mobizon.ua"), ("https://mobizon.gmbh/", "gmbh"),
     (None, "the account's country"), ("a b <c>", "the account's country")],
)  # fmt: skip
def test_the_right_server_is_named_when_mobizon_names_it(bench, data, server) -> None:
    with pytest.raises(ProviderRefused, match=server):
        bench.look("mobizon", lambda r: httpx.Response(200, json={"code": 13, "data": data}))


def test_every_bad_state_of_a_channel_says_what_to_do() -> None:
    assert bad_state("AUTH") is None
    said = {state: str(bad_state(state)) for state in ("QR", "INIT", "STOP", "SYNC_ERROR", "NEW")}
    assert "scan the QR code" in said["QR"]
    assert "in a minute" in said["INIT"]
    assert "start it" in said["STOP"]
    assert "unknown state" in said["NEW"]


def test_concurrent_emails_under_one_key_are_waited_for(bench: Bench) -> None:
    busy = {"statusCode": 409, "name": "concurrent_idempotent_requests", "message": "busy"}
    turns = [lambda r: httpx.Response(409, json=busy), answers("resend/sent")]
    assert bench.send("resend", lambda request: turns.pop(0)(request))
    other = {"statusCode": 409, "name": "invalid_idempotent_request", "message": "other body"}
    with pytest.raises(ProviderRefused):
        bench.send("resend", lambda request: httpx.Response(409, json=other))


@pytest.mark.parametrize(
    ("sender", "domain"),
    [("Synkro <a@Acme.Example>", "acme.example"), ("a@b.kz", "b.kz"), ("nobody", "")],
)
def test_the_domain_of_a_sender(sender: str, domain: str) -> None:
    assert domain_of(sender) == domain
