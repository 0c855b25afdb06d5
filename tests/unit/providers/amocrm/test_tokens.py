"""What the amoCRM client may send, and where its secrets may go."""

from __future__ import annotations

import inspect
import threading
from datetime import UTC, datetime

import httpx
import pytest

from synkro_assets.domain.errors import TokenExpired
from synkro_assets.domain.protocols import Tokens
from synkro_assets.providers import amocrm
from synkro_assets.providers.amocrm.tokens import api_domain, elsewhere

BASE = "https://acme.amocrm.ru"
START, END = datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 6, tzinfo=UTC)
ARGUMENTS = {
    "start": START,
    "end": END,
    "types": ["lead_added"],
    "ids": [1],
    "more": None,
    "query": "Anna",
    "count": 3,
}


class Shelf:
    """A token store that holds nothing back."""

    def __init__(self, held):
        self.held, self.reasons = held, []

    def fresh(self, stale, refresh):
        return refresh(self.held)

    def ended(self, token, reason):
        self.reasons.append(reason)


@pytest.fixture
def asked():
    return []


@pytest.fixture
def client(surroundings, asked):
    def answer(request):
        asked.append((request.method, request.url.path))
        if request.url.path == "/oauth2/access_token":
            pair = {"access_token": "new", "refresh_token": "newer", "expires_in": 86400}
            return httpx.Response(200, json=pair)
        if request.headers["authorization"] == "Bearer old":
            return httpx.Response(401, json={})
        return httpx.Response(200, json={"_embedded": {}, "id": 1})

    public = {"base_url": BASE, "client_id": "id", "redirect_uri": "https://x.example/"}
    secrets = {"client_secret": "hush", "access_token": "old", "refresh_token": "older"}
    store = Shelf(Tokens("old", "older", None, BASE))
    transport = httpx.MockTransport(answer)
    given = surroundings.given()
    return amocrm.client(public, secrets, tokens=store, transport=transport, **given)


def questions():
    kind = amocrm.AmoCrmClient
    names = [n for n in vars(kind) if not n.startswith("_") and n != "close"]
    return sorted(names)


@pytest.mark.parametrize("name", questions())
def test_every_question_is_a_get_and_the_only_post_is_for_tokens(client, asked, name):
    method = getattr(client, name)
    wanted = {n: ARGUMENTS[n] for n in inspect.signature(method).parameters}
    answer = method(**wanted)
    list(answer)
    assert ("POST", "/oauth2/access_token") in asked
    assert {verb for verb, path in asked if path != "/oauth2/access_token"} == {"GET"}
    assert sum(verb == "POST" for verb, _ in asked) == 1


def test_requests_that_meet_the_same_end_renew_once(client, asked):
    together = threading.Barrier(4, timeout=10)

    def ask():
        together.wait()
        client.account()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    paths = [path for _, path in asked]
    assert paths.count("/oauth2/access_token") == 1
    assert paths.count("/api/v4/account") >= 5
    client.close()


def test_a_second_refusal_ends_the_connection(surroundings):
    answers = {"/oauth2/access_token": {"access_token": "new", "refresh_token": "newer"}}

    def answer(request):
        found = answers.get(request.url.path)
        return httpx.Response(200 if found else 401, json=found or {})

    public = {"base_url": BASE, "client_id": "id", "redirect_uri": "https://x.example/"}
    secrets = {"client_secret": "hush", "access_token": "old", "refresh_token": "older"}
    store = Shelf(Tokens("old", "older", None, BASE))
    transport = httpx.MockTransport(answer)
    client = amocrm.client(
        public, secrets, tokens=store, transport=transport, **surroundings.given()
    )
    with pytest.raises(TokenExpired):
        client.account()
    assert len(store.reasons) == 1
    tokens = [row for row in surroundings.log.rows if row.action == "token"]
    assert [(row.request, row.response) for row in tokens] == [(None, None)]


def test_tokens_that_live_for_a_minute_are_not_renewed_with_every_request(surroundings):
    asked = []

    def answer(request):
        asked.append(request.url.path)
        tokens = {"access_token": "new", "refresh_token": "newer", "expires_in": 60}
        is_renewal = request.url.path == "/oauth2/access_token"
        return httpx.Response(200, json=tokens if is_renewal else {"id": 1})

    public = {"base_url": BASE, "client_id": "id", "redirect_uri": "https://x.example/"}
    secrets = {"client_secret": "hush", "access_token": "old", "refresh_token": "older"}
    ended = surroundings.clock.now()
    public["expires_at"] = ended.isoformat()
    client = amocrm.client(
        public, secrets, tokens=Shelf(Tokens("old", "older", ended, BASE)),
        transport=httpx.MockTransport(answer), **surroundings.given(),
    )  # fmt: skip
    for _ in range(5):
        client.account()
    assert asked.count("/oauth2/access_token") == 1


@pytest.mark.parametrize(
    ("base", "domain", "expected"),
    [
        (BASE, "other.amocrm.ru", "https://other.amocrm.ru"),
        (BASE, "other.kommo.com", "https://other.kommo.com"),
        (BASE, "amocrm.ru.evil.example", None),
        (BASE, "evilamocrm.ru", None),
        (BASE, "other.amocrm.ru:444", None),
        (BASE, "me@other.amocrm.ru", None),
        (BASE, "other.amocrm.ru/x", None),
        (BASE, "127.0.0.1", None),
        (BASE, None, None),
        ("http://127.0.0.1:9/amocrm", "localhost:8", "http://localhost:8/amocrm"),
        ("http://127.0.0.1:9/amocrm", "other.amocrm.ru", None),
        ("http://acme.amocrm.ru", "other.amocrm.ru", None),
    ],
)
def test_secrets_go_to_amocrms_hosts_only(base, domain, expected):
    assert elsewhere(base, domain) == expected


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "a.e30.c", "a.W10.c", "a.éé.c"])
def test_a_token_that_names_no_domain_leads_nowhere(token):
    assert api_domain(token) is None
