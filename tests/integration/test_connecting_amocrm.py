"""Connecting an amoCRM account from the command line, and many workers whose token ends at once."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from synkro_assets.settings import PROJECT_ROOT
from tests.integration.amocrm_connected import Connected
from tests.integration.command_line import CommandLine
from tests.stage import Scene
from tests.waiting import await_that

READERS, READS = 8, 6

# One process: eight threads with a client each, all of which read until they have read enough.
WORK = f"""
import sys
from concurrent.futures import ThreadPoolExecutor
from synkro_assets.domain.tenant import TenantSlug
from synkro_assets.operations.provider_clients import amocrm_client
from synkro_assets.operations.tenant_config import find_tenant
from synkro_assets.settings import load_settings, platform

with platform(load_settings(), "a test") as opened:
    tenant = find_tenant(opened, TenantSlug(sys.argv[1]))
    def read(_):
        with amocrm_client(opened, tenant) as client:
            for _ in range({READS}):
                assert client.account()["id"]
    with ThreadPoolExecutor({READERS}) as pool:
        list(pool.map(read, range({READERS})))
"""


@pytest.fixture
def connected(scene: Scene) -> Connected:
    return Connected(scene)


@pytest.fixture
def synkro(scene: Scene) -> CommandLine:
    return CommandLine(scene.platform.home, scene.platform.database.url, [])


def save_app(connected: Connected, synkro: CommandLine) -> None:
    """The integration as it is before its owner consents: without tokens."""
    fields = {"base_url": connected.scene.integrations["amocrm"]["base_url"], **connected.app}
    given = json.dumps(fields)
    slug = connected.scene.tenant.slug
    saved = synkro.here("integrations", "set", slug, "amocrm", "--file", "-", stdin=given)
    assert saved.code == 0, saved.stderr


def consent(address: str) -> dict[str, str]:
    """What the owner's browser is sent back with."""
    answer = httpx.get(address.strip(), follow_redirects=False)
    assert answer.status_code == 302, answer.text
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: values[0] for name, values in asked.items()}


def test_an_account_is_connected_from_the_command_line(
    connected: Connected, synkro: CommandLine
) -> None:
    slug = connected.scene.tenant.slug
    save_app(connected, synkro)
    before = synkro.here("integrations", "check", slug, "amocrm")
    assert before.code != 0
    assert "no token yet: connect the account" in before.stdout + before.stderr
    back = consent(synkro("integrations", "connect", slug, "amocrm").stdout)
    assert back["state"].startswith(str(connected.scene.tenant.tenant_id))
    call = ("integrations", "connect", slug, "amocrm", "--referer", back["referer"])
    done = synkro(*call, "--code", "-", stdin=f"{back['code']}\n")
    assert (done.code, "connected: check it" in done.stdout) == (0, True), done.stderr
    assert synkro.here("integrations", "check", slug, "amocrm").code == 0
    assert "works once" in synkro(*call, "--code", back["code"]).complaint(1)
    held = connected.held()
    printed = " ".join(synkro.printed)
    assert held["status"] == "ok"
    assert not [held[n] for n in ("access_token", "refresh_token") if held[n] in printed]


def test_a_referer_that_is_no_account_of_amocrm_gets_no_secret(
    connected: Connected, synkro: CommandLine
) -> None:
    slug = connected.scene.tenant.slug
    save_app(connected, synkro)
    connected.scene.simulators.ask("DELETE", "log")
    call = ("integrations", "connect", slug, "amocrm", "--code", connected.code)
    refused = synkro.here(*call, "--referer", "evil.example").complaint(2)
    assert "no account of amoCRM or Kommo" in refused
    assert connected.scene.simulators.ask("GET", "log")["requests"] == []


def test_sixteen_readers_in_two_processes_renew_a_token_once_when_it_ends(
    connected: Connected, synkro: CommandLine
) -> None:
    scene = connected.scene
    command = [sys.executable, "-c", WORK, scene.tenant.slug]
    environment = {
        "PYTHONPATH": str(PROJECT_ROOT),
        "SYNKRO_HOME": str(synkro.home),
        "SYNKRO_DATABASE_URL": synkro.database_url,
    }
    workers = [subprocess.Popen(command, env=environment) for _ in range(2)]
    try:
        await_that(lambda: len(answered(scene)) >= READERS, "the readers are under way")
        later = scene.platform.clock.now() + timedelta(hours=25)
        scene.simulators.ask("PUT", "clock", {"now": later.isoformat()})
        assert [worker.wait(timeout=120) for worker in workers] == [0, 0]
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
        scene.simulators.ask("PUT", "clock", {"now": None})
    assert [row["status"] for row in connected.token_requests()] == [200]
    assert [row["status"] for row in answered(scene)].count(200) == 2 * READERS * READS
    assert 401 in [row["status"] for row in answered(scene)]


def answered(scene: Scene) -> list[dict[str, Any]]:
    """The questions about the account that were answered."""
    rows: list[dict[str, Any]] = scene.simulators.ask("GET", "log?limit=1000")["requests"]
    return [row for row in rows if row["path"].endswith("/api/v4/account")]
