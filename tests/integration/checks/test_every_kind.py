"""``synkro integrations check`` over all eight kinds at once: well, and broken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from synkro_assets.operations import integration_settings
from synkro_assets.providers.catalog import KINDS
from tests.integration.command_line import Answer, CommandLine
from tests.stage import Scene
from tests.tenant_project import TenantProject, running_project

PROVIDER = {"ai": "gemini"}
# What a person recognises a working account by, kind by kind.
SHOWN = {
    "amocrm": ("account", "contacts"),
    "radist": ("companies", "connections", "chat"),
    "telegram": ("bot", "chat_id", "test_message"),
    "ai": ("model", "models", "analysed", "analysis"),
    "supabase": ("project", "key"),
    "resend": ("domain",),
    "whapi": ("state",),
    "mobizon": ("balance",),
}


@pytest.fixture(scope="module")
def project(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TenantProject]:
    with running_project(server_url, tmp_path_factory.mktemp("project") / "lite") as running:
        yield running


@pytest.fixture
def connected(scene: Scene, project: TenantProject, impatient: None) -> Scene:
    """A tenant with an integration of every kind; the simulated day is not read yet."""
    worlds = scene.simulators.ask("GET", "worlds")["worlds"]
    (world,) = (each for each in worlds if each["tenant"] == scene.tenant.slug)
    for kind, fields in {**world["senders"], "supabase": project.integration()}.items():
        scene.integrations[kind] = fields
        scene.connect(kind)
    assert set(scene.integrations) == set(KINDS)
    return scene


def checked(scene: Scene, *arguments: str) -> Answer:
    synkro = CommandLine(scene.platform.home, scene.platform.database.url, [])
    return synkro.here("integrations", "check", scene.tenant.slug, *arguments)


def remembered(scene: Scene) -> dict[str, tuple[str, str | None]]:
    """What is stored of each kind's last check; each has its time."""
    kept = integration_settings.stored(scene.platform, scene.tenant)
    assert all(each.last_checked_at is not None for each in kept.values())
    return {kind: (each.status, each.last_error) for kind, each in kept.items()}


def by_kind(answer: Answer) -> dict[str, dict[str, Any]]:
    return {each["kind"]: each for each in json.loads(answer.stdout)}


def test_every_kind_that_works_shows_what_it_is_and_is_ok(connected: Scene) -> None:
    answer = checked(connected, "--json")
    found = by_kind(answer)
    assert answer.code == 0, answer.stderr
    assert {kind: each["error"] for kind, each in found.items()} == dict.fromkeys(KINDS)
    for kind, names in SHOWN.items():
        assert all(found[kind].get(name) for name in names), found[kind]
    assert remembered(connected) == dict.fromkeys(KINDS, ("ok", None))
    assert [line for line in answer.stderr.splitlines() if line.startswith("checking ")] == [
        f"checking {kind} …" for kind in found
    ]


def test_every_kind_that_is_broken_says_so_and_the_command_fails(
    connected: Scene, project: TenantProject
) -> None:
    for kind in KINDS:
        if kind != "supabase":
            connected.simulators.break_requests(
                PROVIDER.get(kind, kind), ".", status=401, body="no"
            )
    project.gateway.break_requests(401)
    answer = checked(connected, "--json")
    project.gateway.calm()
    found = by_kind(answer)
    assert answer.code == 1
    assert {kind: each["status"] for kind, each in found.items()} == dict.fromkeys(KINDS, "error")
    said = {kind: each["error"] for kind, each in found.items()}
    assert all(said.values())
    assert all(len(text.splitlines()) == 1 for text in said.values())
    assert len(set(said.values())) == len(KINDS), "each names its own provider"
    assert remembered(connected) == {kind: ("error", text) for kind, text in said.items()}
    assert f"synkro: not working: {', '.join(found)}" in answer.stderr


def test_one_kind_is_asked_alone_and_shown_to_a_person(connected: Scene) -> None:
    answer = checked(connected, "mobizon")
    assert (answer.code, "mobizon" in answer.stdout, "balance" in answer.stdout) == (0, True, True)
    assert "amocrm" not in answer.stdout + answer.stderr
    assert answer.stderr.strip() == "checking mobizon …"
    assert checked(connected, "fax").code == 2
