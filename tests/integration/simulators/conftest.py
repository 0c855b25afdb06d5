"""A real simulator server on loopback, reset between tests."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from synkro_assets.simulators.app import create_app
from synkro_assets.simulators.server import SimulatorServer, start_in_thread

DAY = {
    "tenant": "acme",
    "day": "2026-03-05",
    "window_start": "2026-03-04T22:01:00+03:00",
    "window_end": "2026-03-05T22:01:00+03:00",
    "timezone": "Europe/Moscow",
    "language": "ru",
    "region": "RU",
}


class Lab:
    """The server with one loaded world, and clients for each provider."""

    def __init__(self, server: SimulatorServer) -> None:
        self.server, self.http = server, httpx.Client(base_url=server.url, timeout=20)
        self.loaded: dict[str, Any] = {}

    def load(self, **changes: Any) -> httpx.Response:
        response = self.http.post("/control/worlds", json={**DAY, **changes})
        if response.status_code == 200 and response.json()["tenant"] == "acme":
            self.loaded = response.json()
        return response

    def truth(self, tenant: str = "acme", day: str = "2026-03-05") -> dict[str, Any]:
        document: dict[str, Any] = self.http.get(
            f"/control/worlds/{tenant}/truth", params={"day": day}
        ).json()
        return document

    def control(self, path: str, **document: Any) -> Any:
        response = self.http.post(f"/control/{path}", json=document)
        assert response.status_code < 300, response.text
        return response.json()

    def amocrm(self, path: str, **params: Any) -> httpx.Response:
        bearer = self.loaded["integrations"]["amocrm"]["long_lived_token"]
        headers = {"Authorization": f"Bearer {bearer}"}
        here = self.loaded["integrations"]["amocrm"]["base_url"]
        return self.http.get(f"{here}/api/v4/{path}", params=params, headers=headers)

    def radist(self, path: str, **params: Any) -> httpx.Response:
        fields = self.loaded["integrations"]["radist"]
        url = f"/radist/v2/companies/{fields['company_id']}/{path}"
        return self.http.get(url, params=params, headers={"X-Api-Key": fields["api_key"]})

    def telegram(self, method: str, **params: Any) -> httpx.Response:
        fields = self.loaded["integrations"]["telegram"]
        url = f"{fields['base_url']}{fields['bot_token']}/{method}"
        return self.http.post(url, json={"chat_id": fields["chat_id"], **params})

    def gemini(self, body: dict[str, Any], model: str = "gemini-3.5-flash") -> httpx.Response:
        key = self.loaded["integrations"]["ai"]["api_key"]
        url = f"/gemini/v1beta/models/{model}:generateContent"
        return self.http.post(url, json=body, headers={"x-goog-api-key": key})


@pytest.fixture(scope="module")
def server() -> Iterator[SimulatorServer]:
    with start_in_thread(create_app()) as started:
        yield started


@pytest.fixture
def lab(server: SimulatorServer) -> Iterator[Lab]:
    lab = Lab(server)
    for path in ("faults", "limits", "switches", "log", "worlds/acme", "worlds/beta"):
        lab.http.delete(f"/control/{path}")
    lab.http.put("/control/clock", json={"now": None})
    lab.control("limits", enabled=False)
    assert lab.load().status_code == 200
    yield lab
    lab.http.close()
