"""What people do by the command line is on record, in the name of the operating-system user."""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Iterator

import pytest

from synkro_assets.storage.database import Database
from tests.audit_trail import AuditTrail, everything_recorded
from tests.databases import as_owner, scratch_database
from tests.integration.command_line import CommandLine

API_KEY = "planted-api-key-77aa"
PASSWORD = "planted correct horse"
RADIST = {"base_url": "http://127.0.0.1:9/v2", "company_id": 7, "api_key": API_KEY}
TELEGRAM = {"base_url": "http://127.0.0.1:9/bot", "bot_token": "12:planted", "chat_id": "-100"}

ME = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture(scope="module")
def installation(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[CommandLine, Database]]:
    """One installation with one tenant; neither secret, password nor hash is ever recorded."""
    with scratch_database(server_url, template) as url:
        synkro, database = CommandLine(tmp_path_factory.mktemp("home"), url, []), Database(url)
        added = synkro("tenants", "add", "acme", "--name", "Acme", "--timezone", "UTC")
        assert added.code == 0, added.stderr
        yield synkro, database
        recorded, printed = everything_recorded(database), "".join(synkro.printed)
        assert "acme" in recorded
        for planted in (API_KEY, PASSWORD, "12:planted", "$argon2", "gAAAA"):
            assert planted not in recorded
            assert planted not in printed


@pytest.fixture
def synkro(installation: tuple[CommandLine, Database]) -> CommandLine:
    return installation[0]


@pytest.fixture
def trail(installation: tuple[CommandLine, Database]) -> AuditTrail:
    """What is recorded from here on."""
    trail = AuditTrail(installation[1])
    trail.news()
    return trail


def recorded(trail: AuditTrail, actor: str = ME) -> list[str]:
    """The new rows' messages, all of one actor without an address."""
    rows = trail.news()
    assert {(row["actor"], row["ip_address"]) for row in rows} == {(actor, None)}
    return [row["message"] for row in rows]


def succeed(synkro: CommandLine, *arguments: str, stdin: str = "") -> None:
    # Neither variable decides who it was.
    answer = synkro.here(*arguments, stdin=stdin, USER="boss", LOGNAME="boss")
    assert answer.code == 0, answer.stderr


def test_tenants_and_their_settings(synkro: CommandLine, trail: AuditTrail) -> None:
    succeed(synkro, "tenants", "add", "beta", "--name", "Beta", "--timezone", "UTC")
    assert recorded(trail) == ["tenant beta was created", "beta was given its settings"]
    succeed(synkro, "tenants", "set", "beta", "name=B", "max_amo_leads=7")
    assert recorded(trail) == [
        "tenant beta was changed: name",
        "settings of beta were changed: max_amo_leads",
    ]
    succeed(synkro, "tenants", "set", "beta", "name=B")
    assert trail.news() == []


@pytest.mark.usefixtures("impatient")
def test_integrations(synkro: CommandLine, trail: AuditTrail) -> None:
    save = ("integrations", "set", "acme", "radist", "--file", "-")
    succeed(synkro, *save, stdin=json.dumps(RADIST))
    assert recorded(trail) == ["the radist integration of acme was saved"]
    succeed(synkro, *save, stdin=json.dumps({**RADIST, "company_id": 8}))
    assert recorded(trail) == ["the radist integration of acme was saved with its secrets"]
    assert synkro.here("integrations", "check", "acme", "radist").code == 1
    assert trail.news() == []
    succeed(synkro, "integrations", "remove", "acme", "radist")
    assert recorded(trail) == ["the radist integration of acme was removed with its secrets"]
    succeed(
        synkro, "integrations", "set", "acme", "telegram", "--file", "-", stdin=json.dumps(TELEGRAM)
    )
    (row,) = trail.news()
    assert row["metadata"]["changed"]["chat_id"] == {"to": "-100"}


def test_people(synkro: CommandLine, trail: AuditTrail) -> None:
    add = ("users", "add", "Ann@acme.example", "--role", "user", "--tenant", "acme")
    succeed(synkro, *add, stdin=PASSWORD + "\n")
    granted = "the role user of acme was granted to Ann@acme.example"
    assert recorded(trail) == ["Ann@acme.example was created", granted]
    (listed,) = synkro.here("users", "list", "--json").document()
    assert listed["email"] == "Ann@acme.example"
    assert (listed["state"], listed["roles"]) == ("active", [{"role": "user", "tenant": "acme"}])
    succeed(synkro, "users", "add", "ann@ACME.example", "--role", "admin_lite")
    assert recorded(trail) == ["the role admin_lite of all tenants was granted to Ann@acme.example"]
    succeed(synkro, "users", "disable", "ann@acme.example")
    assert recorded(trail) == ["Ann@acme.example was disabled"]
    succeed(synkro, "users", "disable", "ann@acme.example")
    assert trail.news() == []
    succeed(synkro, *add, stdin=PASSWORD + " again\n")
    assert set(recorded(trail)) == {
        "the role admin_lite of all tenants was revoked from Ann@acme.example",
        "the role user of acme was revoked from Ann@acme.example",
        "Ann@acme.example was enabled",
        granted,
    }
    (listed,) = synkro.here("users", "list", "--json").document()
    assert (listed["state"], listed["roles"]) == ("active", [{"role": "user", "tenant": "acme"}])


@pytest.mark.parametrize(
    ("arguments", "password", "said"),
    [
        (["bob", "--role", "user"], PASSWORD, "'bob' is not an e-mail address"),
        (["bob@x.y", "--role", "boss"], PASSWORD, "unknown role 'boss': choose one of super_admin"),
        (["bob@x.y"], PASSWORD, "Missing option '--role'"),
        (["bob@x.y", "--role", "user", "--tenant", "nobody"], PASSWORD, "unknown tenant 'nobody'"),
        (["bob@x.y", "--role", "super_admin", "--tenant", "acme"], PASSWORD, "leave --tenant out"),
        (["bob@x.y", "--role", "user"], "short", "too short: use at least 12 characters"),
        (["bob@x.y", "--role", "user"], "", "no password came in"),
    ],
)
def test_a_person_who_is_not_let_in_leaves_nothing(
    synkro: CommandLine, trail: AuditTrail, arguments: list[str], password: str, said: str
) -> None:
    refused = synkro.here("users", "add", *arguments, stdin=f"{password}\n" if password else "")
    assert said in refused.complaint(2)
    assert trail.news() == []


def test_somebody_unknown_is_not_disabled(synkro: CommandLine) -> None:
    assert "there is no user x@y.z" in synkro.here("users", "disable", "x@y.z").complaint(2)


def test_a_run_is_of_whoever_started_it(synkro: CommandLine, trail: AuditTrail) -> None:
    failed = synkro("run", "acme", "--day", "2026-03-05")
    assert "has no amocrm integration" in failed.stderr
    (row,) = trail.news()
    assert (row["action"], row["actor"]) == ("run.started", f"{ME} (synkro run)")
    assert row["message"].endswith("of acme (daily_report 2026-03-05) was started")


def test_a_request_that_is_taken_back(synkro: CommandLine, trail: AuditTrail) -> None:
    with as_owner(trail.database) as connection:
        (row,) = connection.execute(
            "insert into app.job_runs (tenant_id, job_type, mode, trigger_type, requested_by) "
            "select tenant_id, 'daily_report', 'radist_only', 'api', 'shop' from app.tenants "
            "where slug = 'acme' returning job_run_id"
        ).fetchall()
    assert trail.new_actions() == ["run.requested"]
    succeed(synkro, "runs", "stop", str(row["job_run_id"]))
    (said,) = recorded(trail)
    assert said == f"run {row['job_run_id']} of acme (daily_report) was asked to stop"
