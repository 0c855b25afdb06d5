"""The clients that only send, before a server that answers as a test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from synkro_assets.providers import mobizon, resend, whapi
from tests import shapes
from tests.unit.providers.conftest import Surroundings

SECRET = "kz-very-secret-value-0123456789"
TEXT, NUMBER, ADDRESS = "Отчёт готов", "+7 701 000 00 00", "owner@acme.example"

MAKERS: dict[str, tuple[Callable[..., Any], dict[str, Any], str]] = {
    "resend": (
        resend.client,
        {"base_url": "https://api.resend.com", "from": "Synkro <reports@acme.example>"},
        "api_key",
    ),
    "whapi": (whapi.client, {"base_url": "https://gate.whapi.cloud"}, "token"),
    "mobizon": (
        mobizon.client,
        {"base_url": "https://api.mobizon.kz", "from": "Acme"},
        "api_key",
    ),
}
LOOKS: dict[str, Callable[[Any], Any]] = {
    "resend": lambda client: client.domains(),
    "whapi": lambda client: client.state(),
    "mobizon": lambda client: client.balance(),
}
SENDS: dict[str, Callable[[Any], Any]] = {
    "resend": lambda client: client.send([ADDRESS], "Тема", TEXT, idempotency_key="day-1"),
    "whapi": lambda client: client.send(NUMBER, TEXT),
    "mobizon": lambda client: client.send(NUMBER, TEXT),
}

Handler = Callable[[httpx.Request], httpx.Response]


class Bench:
    """Makes clients and keeps what they asked."""

    def __init__(self) -> None:
        self.surroundings = Surroundings()
        self.asked: list[httpx.Request] = []

    def client(self, kind: str, handler: Handler) -> Any:
        make, public, name = MAKERS[kind]

        def told(request: httpx.Request) -> httpx.Response:
            self.asked.append(request)
            return handler(request)

        transport = httpx.MockTransport(told)
        return make(public, {name: SECRET}, transport=transport, **self.surroundings.given())

    def look(self, kind: str, handler: Handler) -> Any:
        return LOOKS[kind](self.client(kind, handler))

    def send(self, kind: str, handler: Handler) -> Any:
        return SENDS[kind](self.client(kind, handler))


def answers(name: str) -> Handler:
    """A sample as an answer."""
    sample = shapes.sample(name)
    return lambda request: httpx.Response(sample["status"], json=sample["body"])


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    assert SECRET not in repr(bench.surroundings.log.rows)
    kept = repr([(row.request, row.response, row.error) for row in bench.surroundings.log.rows])
    assert not [said for said in (TEXT, ADDRESS, "77010000000", "Тема") if said in kept]
