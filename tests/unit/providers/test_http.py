"""The one road out: what it retries, what it refuses, what it records, what it keeps secret."""

from __future__ import annotations

import gc
import gzip
from urllib.parse import parse_qsl

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synkro_assets.domain.errors import (
    AccountStopped,
    ProviderRefused,
    ProviderUnavailable,
    RateLimited,
    UsageProblem,
)
from synkro_assets.providers import amocrm, http

TOKEN = "very-secret-token-value"
BASE = "https://acme.amocrm.ru"


@pytest.fixture
def ask(surroundings):
    """Ask for the account of a server that answers by ``handler``."""

    def ask(handler, base_url=BASE, token=TOKEN):
        public, secrets = {"base_url": base_url}, {"long_lived_token": token}
        transport = httpx.MockTransport(handler)
        with amocrm.client(public, secrets, transport=transport, **surroundings.given()) as client:
            return client.account()

    return ask


def cut(request):
    def body():
        yield b'{"id": 1'
        raise httpx.RemoteProtocolError("peer closed connection")

    return httpx.Response(200, content=body())


def raising(error):
    def handler(request):
        raise error("about " + TOKEN)

    return handler


@pytest.mark.parametrize(
    "handler",
    [
        cut,
        lambda r: httpx.Response(200, html="<html>maintenance</html>"),
        lambda r: httpx.Response(200, content=b""),
        lambda r: httpx.Response(200, content=b"null"),
        lambda r: httpx.Response(200, content=b'{"a": NaN}'),
        lambda r: httpx.Response(200, content=b"[" * 100_000),
        lambda r: httpx.Response(200, content=b"\xff\xfe\x00"),
        lambda r: httpx.Response(200, content=b"no", headers={"content-encoding": "gzip"}),
        lambda r: httpx.Response(502, html="<html>bad gateway</html>"),
        raising(httpx.ReadTimeout),
        raising(httpx.ConnectError),
        raising(httpx.ReadError),
        raising(OSError),
    ],
)
def test_whatever_cannot_be_read_is_retried_and_told_in_one_sentence(ask, handler, surroundings):
    with pytest.raises(ProviderUnavailable) as problem:
        ask(handler)
    text = str(problem.value)
    assert text.startswith("amoCRM")
    assert "\n" not in text
    assert TOKEN not in text
    assert len(surroundings.log.rows) == 5
    assert [row.attempt for row in surroundings.log.rows] == [1, 2, 3, 4, 5]
    assert all(row.error for row in surroundings.log.rows)
    assert len(surroundings.slept) == 4
    assert all(low / 2 <= s <= low for low, s in zip([1, 2, 4, 8], surroundings.slept, strict=True))
    assert TOKEN not in repr(surroundings.log.rows)


WORDS = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["250", "a b", "٣", "&="]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(params=st.lists(st.tuples(WORDS | st.just("filter[id][]"), WORDS), min_size=1))
def test_a_server_reads_the_parameters_that_were_meant(surroundings, params):
    public, secrets = {"base_url": BASE}, {"long_lived_token": TOKEN}
    with amocrm.client(public, secrets, **surroundings.given()) as client:
        url = client._road.address("/api/v4/leads", tuple(params))
    assert (url.host, url.path) == ("acme.amocrm.ru", "/api/v4/leads")
    query = url.raw_path.decode("ascii").partition("?")[2]
    assert parse_qsl(query, keep_blank_values=True, strict_parsing=True) == params


def test_a_body_shorter_than_announced_is_unavailable(ask):
    def handler(request):
        return httpx.Response(200, content=b'{"id": 1}', headers={"content-length": "900"})

    with pytest.raises(ProviderUnavailable):
        ask(handler)


def test_no_cookie_of_an_answer_goes_with_another_request(surroundings):
    requests = []

    def handler(request):
        requests.append(request)
        return httpx.Response(200, json={"id": 1}, headers={"Set-Cookie": "session=of-somebody"})

    public, secrets = {"base_url": BASE}, {"long_lived_token": TOKEN}
    transport = httpx.MockTransport(handler)
    with amocrm.client(public, secrets, transport=transport, **surroundings.given()) as client:
        client.account()
        client.account()
    assert len(requests) == 2
    assert not [request for request in requests if "cookie" in request.headers]


def test_compressed_answers_are_read(ask):
    packed = gzip.compress(b'{"id": 1}')
    headers = {"content-encoding": "gzip"}
    assert ask(lambda r: httpx.Response(200, content=packed, headers=headers)) == {"id": 1}


@pytest.mark.parametrize("status", [400, 402, 403, 404, 302])
def test_permanent_refusals_are_not_retried(ask, status, surroundings):
    with pytest.raises((ProviderRefused, AccountStopped)) as problem:
        ask(lambda r: httpx.Response(status, json={"detail": f"no {TOKEN}"}))
    assert problem.value.status == status
    assert TOKEN not in str(problem.value)
    assert TOKEN not in repr(surroundings.log.rows)
    assert len(surroundings.log.rows) == 1


def test_a_named_pause_is_honoured_and_told_to_the_limiter(ask, surroundings):
    answers = [
        httpx.Response(429, text="slow down", headers={"retry-after": "7"}),
        httpx.Response(200, json={"id": 1}),
    ]
    assert ask(lambda r: answers.pop(0)) == {"id": 1}
    assert surroundings.limiter.penalties == [("all", 7.0)]
    assert 7.0 <= surroundings.slept[0] <= 7.5


def test_a_pause_longer_than_patience_ends_the_call_at_once(ask, surroundings):
    with pytest.raises(RateLimited) as problem:
        ask(lambda r: httpx.Response(429, json={"retry_after": 300}))
    assert problem.value.retry_after == 300
    assert surroundings.slept == []
    assert surroundings.limiter.penalties == [("all", 300.0)]


@pytest.mark.parametrize("hint", ["31536000", "Wed, 03 Mar 2027 12:00:00 GMT", "1e300"])
def test_no_pause_that_is_asked_for_is_longer_than_an_hour(ask, surroundings, hint):
    headers = {"retry-after": hint, "date": "Tue, 03 Mar 2026 12:00:00 GMT"}
    with pytest.raises(RateLimited):
        ask(lambda r: httpx.Response(429, headers=headers))
    assert surroundings.limiter.penalties == [("all", 3600.0)]


def test_without_a_hint_the_pause_doubles_with_each_refusal_in_a_row(ask, surroundings):
    page = "<html><h1>429 Too Many Requests</h1></html>"
    answers = [httpx.Response(429, html=page) for _ in range(4)]
    answers.append(httpx.Response(200, json={"id": 1}))
    assert ask(lambda r: answers.pop(0)) == {"id": 1}
    assert surroundings.limiter.penalties == [
        ("all", 1.0),
        ("all", 2.0),
        ("all", 4.0),
        ("all", 8.0),
    ]


def test_every_attempt_asks_the_limiter_and_leaves_a_row(ask, surroundings):
    ask(lambda r: httpx.Response(200, json={"id": 1}))
    assert surroundings.limiter.acquired == [("all", 7.0)]
    (row,) = surroundings.log.rows
    assert (row.provider, row.action, row.method, row.status) == ("amoCRM", "account", "GET", 200)
    assert row.path == "/api/v4/account"
    assert row.error is None
    assert row.response["bytes"] == len(b'{"id":1}')


@pytest.mark.parametrize("base_url", ["acme.amocrm.ru", "https://", "https://a:b@host", "http://["])
def test_a_wrong_base_url_is_a_usage_problem(ask, base_url):
    with pytest.raises(UsageProblem):
        ask(lambda r: httpx.Response(200, json={}), base_url=base_url)


def test_a_key_with_stray_characters_is_a_usage_problem_that_does_not_show_it(ask):
    with pytest.raises(UsageProblem) as problem:
        ask(lambda r: httpx.Response(200, json={}), token="ключ-secret\n")
    assert "secret" not in str(problem.value)


@pytest.mark.parametrize("padding", range(165, 201, 5))
@pytest.mark.parametrize(
    "spelling", [TOKEN, TOKEN.replace("-", "\\u002d")], ids=["plain", "escaped"]
)
def test_a_secret_that_is_cut_off_in_a_long_refusal_is_not_shown_by_half(
    ask, surroundings, padding, spelling
):
    body = f'{{"detail": "{"x" * padding}{spelling} was refused"}}'
    with pytest.raises(ProviderRefused) as problem:
        ask(lambda r: httpx.Response(404, content=body.encode()))
    (row,) = surroundings.log.rows
    for text in (str(problem.value), str(row.error), str(row.response)):
        assert "very" not in text.replace("\\u002d", "-")


@pytest.mark.parametrize(
    "body", [b'{"detail": "\\ud800"}', b"\xff\xfe", b"[" * 9999, b'{"title": NaN}', b"null"]
)
def test_an_unreadable_refusal_is_a_refusal_still(ask, body):
    headers = {"content-type": "application/json; charset=latin-1"}
    with pytest.raises(ProviderRefused, match="amoCRM answered 404"):
        ask(lambda r: httpx.Response(404, content=body, headers=headers))


def test_every_attempt_says_whether_another_follows(ask, surroundings):
    answers = [httpx.Response(503), httpx.Response(429, json={"retry_after": 1})]
    assert ask(lambda r: answers.pop(0) if answers else httpx.Response(200, json={"id": 5}))
    told = [
        (row.will_retry, row.error_code, row.external_id, row.error is None)
        for row in surroundings.log.rows
    ]
    assert told == [
        (True, "503", None, False),
        (True, "429", None, False),
        (False, None, "5", True),
    ]


@pytest.mark.parametrize(
    ("handler", "code"),
    [
        (lambda r: httpx.Response(404), "404"),
        (lambda r: httpx.Response(200, html="<html>"), "unreadable"),
        (raising(httpx.ReadTimeout), "timeout"),
        (raising(httpx.ConnectError), "unreachable"),
        (raising(httpx.LocalProtocolError), "unsendable"),
        (cut, "broken_off"),
    ],
)
def test_the_last_failed_attempt_is_final_and_has_a_code(ask, handler, code, surroundings):
    with pytest.raises((ProviderRefused, ProviderUnavailable)):
        ask(handler)
    assert [row.will_retry for row in surroundings.log.rows[:-1]] == [True] * (
        len(surroundings.log.rows) - 1
    )
    assert not surroundings.log.rows[-1].will_retry
    assert surroundings.log.rows[-1].error_code == code


def test_a_body_nobody_foresaw_costs_its_outline_and_not_the_request(
    ask, surroundings, monkeypatch
):
    def stumble(*_):
        raise RuntimeError("unforeseen")

    monkeypatch.setattr("synkro_assets.providers.gate.kept_response", stumble)
    assert ask(lambda r: httpx.Response(200, json={"id": 1})) == {"id": 1}
    assert [(row.status, row.response) for row in surroundings.log.rows] == [(200, None)]


def test_no_garbage_collection_delays_a_request_and_it_goes_on_after_a_failure(ask):
    was_enabled = []

    def handler(request):
        was_enabled.append(gc.isenabled())
        return httpx.Response(200 if len(was_enabled) == 1 else 400, json={"id": 1})

    assert ask(handler) == {"id": 1}
    with pytest.raises(ProviderRefused):
        ask(handler)
    assert was_enabled == [False, False]
    assert gc.isenabled()


@pytest.mark.parametrize(("base_url", "is_trusting"), [(BASE, True), ("http://127.0.0.1:9", False)])
def test_certificate_authorities_are_there_for_every_encrypted_address(
    surroundings, monkeypatch, base_url, is_trusting
):
    asked = []
    trusted = http.trust()

    def trust():
        asked.append(True)
        return trusted

    monkeypatch.setattr(http, "trust", trust)
    public, secrets = {"base_url": base_url}, {"long_lived_token": TOKEN}
    amocrm.client(public, secrets, **surroundings.given()).close()
    assert bool(asked) is is_trusting
