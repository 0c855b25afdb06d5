"""``synkro keys rotate``: every secret under the newest key, whatever happens meanwhile."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from cryptography.fernet import Fernet, InvalidToken

from synkro_assets.domain.tenant import Tenant, TenantSlug
from synkro_assets.operations import integration_settings, key_rotation
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.tenant_config import add_tenant
from synkro_assets.providers.catalog import KINDS
from synkro_assets.settings import PROJECT_ROOT
from synkro_assets.storage import sealed_secrets
from synkro_assets.storage.integrations import save_integration
from synkro_assets.storage.key_ring import KEY_FILE, KeyRing
from synkro_assets.storage.sealed_secrets import SEALED_COLUMNS, Outcome
from tests.databases import as_owner
from tests.integration.command_line import PROGRAM, CommandLine
from tests.waiting import await_that, waits_for_a_row

OLD, NEW, LOST = (Fernet.generate_key().decode() for _ in range(3))
BOTH = f"{NEW},{OLD}"
RADIST = {"base_url": "http://127.0.0.1:9/v2", "company_id": 7, "api_key": "planted-0"}


def with_keys(platform: Platform, *keys: str) -> Platform:
    return replace(platform, keys=KeyRing(list(keys)))


def tokens(platform: Platform) -> dict[tuple[UUID, str], str]:
    """Every sealed secret as it is stored."""
    with as_owner(platform.database) as connection:
        rows = connection.execute(
            "select tenant_id, kind, secret_data_encrypted as token from app.integration_configs"
        ).fetchall()
    return {(row["tenant_id"], row["kind"]): row["token"] for row in rows}


def sealed_with(key: str, platform: Platform) -> int:
    """How many secrets a key alone opens."""

    def opens(token: str) -> bool:
        try:
            Fernet(key).decrypt(token)
        except InvalidToken:
            return False
        return True

    return sum(opens(token) for token in tokens(platform).values())


def values_in(platform: Platform, *keys: str) -> dict[tuple[UUID, str], Any]:
    """Every secret, opened with the given keys."""
    ring = KeyRing(list(keys))
    return {
        (tenant, kind): ring.open(tenant, kind, token, owner=str(tenant))
        for (tenant, kind), token in tokens(platform).items()
    }


def plant(platform: Platform, tenants: int, key: str = OLD) -> dict[tuple[UUID, str], Any]:
    """Integrations of every kind for many tenants, sealed with one key."""
    ring, planted = KeyRing([key]), {}
    with as_owner(platform.database) as connection:
        for number in range(tenants):
            tenant_id = uuid4()
            connection.execute(
                "insert into app.tenants (tenant_id, slug, name, timezone, language, "
                "default_region) values (%s, %s, 'T', 'UTC', 'en', 'RU')",
                [tenant_id, f"t-{number:04}"],
            )
            for kind in KINDS:
                secrets = {"token": f"planted-{number}-{kind}"}
                planted[tenant_id, kind] = secrets
                connection.execute(
                    "insert into app.integration_configs (tenant_id, kind, public_data, "
                    "secret_data_encrypted, status) values (%s, %s, %s, %s, 'ok')",
                    [tenant_id, kind, json.dumps({"n": 1}), ring.seal(tenant_id, kind, secrets)],
                )
    return planted


@pytest.fixture
def synkro(platform: Platform) -> CommandLine:
    return CommandLine(platform.home, platform.database.url, [])


@pytest.fixture
def acme(platform: Platform) -> Tenant:
    """A tenant with one integration, sealed with the old key."""
    slug = TenantSlug("acme")
    tenant = add_tenant(platform, slug, "Acme", "Europe/Moscow", "radist_only", ())
    integration_settings.save(with_keys(platform, OLD), tenant, "radist", RADIST)
    return tenant


def rotating(platform: Platform) -> "subprocess.Popen[bytes]":
    """``synkro keys rotate`` with both keys, in a process of its own."""
    given = {k: v for k, v in os.environ.items() if not k.startswith("SYNKRO_")}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "keys", "rotate", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=platform.home,
        env={
            **given,
            "PYTHONPATH": str(PROJECT_ROOT),
            "SYNKRO_HOME": str(platform.home),
            "SYNKRO_DATABASE_URL": platform.database.url,
            "SYNKRO_ENCRYPTION_KEYS": BOTH,
        },
    )


@contextmanager
def row_held(platform: Platform, number: int) -> Iterator[None]:
    """Holds one row, counted in the order in which they are rotated."""
    with psycopg.connect(platform.database.url) as connection:
        connection.execute(
            "select from app.integration_configs where (tenant_id, kind) = (select tenant_id, kind "
            "from app.integration_configs order by 1, 2 offset %s limit 1) for update",
            [number],
        )
        yield
        connection.rollback()


def test_a_rotation_that_is_killed_again_and_again_is_finished_by_the_next(
    platform: Platform, synkro: CommandLine
) -> None:
    planted = plant(platform, 40)
    total = len(planted)
    for done in (total // 4, total // 2, total - 1):
        with row_held(platform, done):
            with rotating(platform) as process:
                await_that(
                    lambda: waits_for_a_row(platform.database), "the rotation is in the middle"
                )
                process.send_signal(signal.SIGKILL)
            assert process.returncode == -signal.SIGKILL
        assert sealed_with(NEW, platform) == done
        assert values_in(platform, NEW, OLD) == planted
    before = tokens(platform)

    last = synkro("keys", "rotate", "--json", SYNKRO_ENCRYPTION_KEYS=BOTH).document()

    assert (last["resealed"], last["already_new"]) == (1, total - 1)
    assert (last["is_complete"], last["left"]) == (True, [])
    assert values_in(platform, NEW) == planted
    after = tokens(platform)
    assert sum(after[place] != token for place, token in before.items()) == 1
    again = synkro("keys", "rotate", SYNKRO_ENCRYPTION_KEYS=NEW)
    assert again.code == 0
    assert f"nothing to do, 0 re-sealed, {total} already new" in again.stderr
    assert tokens(platform) == after


def test_what_is_saved_while_the_rotation_waits_for_it_is_kept(
    platform: Platform, acme: Tenant
) -> None:
    newer = KeyRing([OLD]).seal(acme.tenant_id, "radist", {"api_key": "newer"})
    accounts: list[key_rotation.Account] = []
    rotation = threading.Thread(
        target=lambda: accounts.append(key_rotation.rotate(with_keys(platform, NEW, OLD)))
    )
    with psycopg.connect(platform.database.url) as connection:
        connection.execute("update app.integration_configs set secret_data_encrypted = %s", [newer])
        rotation.start()
        await_that(lambda: waits_for_a_row(platform.database), "the rotation waits for the row")
        connection.commit()
    rotation.join()
    assert values_in(platform, NEW) == {(acme.tenant_id, "radist"): {"api_key": "newer"}}
    assert accounts[0].count(Outcome.RESEALED) == 1


@pytest.mark.parametrize("writers_keys", [(OLD, NEW), (NEW, OLD)], ids=["older", "newest"])
def test_a_writer_at_the_same_time_loses_nothing(
    platform: Platform, writers_keys: tuple[str, ...]
) -> None:
    expected = plant(platform, 30)
    places = [place for place in expected if place[1] == "radist"]
    writer, stop, saves = with_keys(platform, *writers_keys), threading.Event(), [0]
    failures: list[Exception] = []

    def write() -> None:
        try:
            while not stop.is_set():
                tenant_id, kind = places[saves[0] * 7 % len(places)]
                secrets = {"api_key": f"saved-{saves[0]}"}
                sealed = writer.keys.seal(tenant_id, kind, secrets)
                with platform.database.console_transaction(tenant_id) as connection:
                    save_integration(connection, tenant_id, kind, {"n": saves[0]}, sealed)
                expected[tenant_id, kind] = secrets
                saves[0] += 1
        except Exception as problem:
            failures.append(problem)

    thread = threading.Thread(target=write)
    thread.start()
    await_that(lambda: saves[0] > 0, "the writer is at work")
    key_rotation.rotate(with_keys(platform, NEW, OLD))
    assert await_that(lambda: saves[0] > len(places), "the writer wrote in the middle of it")
    stop.set()
    thread.join()
    assert not failures
    assert values_in(platform, NEW, OLD) == expected

    key_rotation.rotate(with_keys(platform, NEW, OLD))

    assert values_in(platform, NEW) == expected


def test_a_rotation_changes_the_seal_and_nothing_else(platform: Platform, acme: Tenant) -> None:
    def row() -> dict[str, Any]:
        with as_owner(platform.database) as connection:
            (found,) = connection.execute("select * from app.integration_configs").fetchall()
        return {k: v for k, v in found.items() if k not in ("updated_at", "secret_data_encrypted")}

    with as_owner(platform.database) as connection:
        connection.execute(
            "update app.integration_configs set status = 'ok', last_checked_at = now()"
        )
    before = row()
    key_rotation.rotate(with_keys(platform, NEW, OLD))
    assert row() == before
    assert sealed_with(NEW, platform) == 1


def test_a_secret_that_is_held_for_long_is_named_and_the_others_are_rotated(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed_secrets, "LONGEST_WAIT", "50ms")
    planted = plant(platform, 2)
    with row_held(platform, 3):
        account = key_rotation.rotate(with_keys(platform, NEW, OLD))
    (left,) = account.left
    assert left.outcome is Outcome.LOCKED
    assert left.error is not None
    assert "held by other work: run the command again" in left.error
    assert sealed_with(NEW, platform) == len(planted) - 1
    assert key_rotation.rotate(with_keys(platform, NEW, OLD)).left == []


def test_secrets_that_no_key_opens_are_named_and_the_others_are_rotated(
    platform: Platform, synkro: CommandLine, acme: Tenant
) -> None:
    plant(platform, 2)
    integration_settings.save(with_keys(platform, LOST), acme, "radist", RADIST)
    failed = synkro.here("keys", "rotate", "--json", SYNKRO_ENCRYPTION_KEYS=BOTH)
    assert failed.code == 1
    said = json.loads(failed.stdout)
    assert (said["resealed"], said["unreadable"]) == (2 * len(KINDS), 1)
    assert said["is_complete"] is False
    (left,) = said["left"]
    assert (left["tenant"], left["kind"]) == ("acme", "radist")
    assert {"tenant": "acme", "kind": "radist", "unreadable": 1}.items() <= said["secrets"][
        0
    ].items()
    first, last = failed.stderr.strip().splitlines()
    assert first.startswith("the radist secrets of tenant acme open with no key of SYNKRO_ENC")
    assert last.startswith(
        "synkro: 16 re-sealed, 0 already new, 1 left (acme radist): remove no key"
    )
    assert sealed_with(NEW, platform) == 2 * len(KINDS)
    assert_nothing_shown(platform, failed, OLD, NEW)


def test_older_keys_may_go_when_nothing_needs_them(
    platform: Platform, synkro: CommandLine, acme: Tenant
) -> None:
    before = synkro.here("doctor", SYNKRO_ENCRYPTION_KEYS=BOTH)
    assert "1 of 1 are sealed with an older key: run 'synkro keys rotate'" in before.stdout
    done = synkro.here("keys", "rotate", SYNKRO_ENCRYPTION_KEYS=BOTH)
    assert done.code == 0
    assert "older keys may be removed from SYNKRO_ENCRYPTION_KEYS once every" in done.stderr
    assert [line.split() for line in done.stdout.splitlines()][1] == ["acme", "radist", *"1000"]
    shown = synkro.here("integrations", "show", "acme", SYNKRO_ENCRYPTION_KEYS=NEW)
    assert shown.code == 0
    after = synkro.here("doctor", SYNKRO_ENCRYPTION_KEYS=NEW)
    assert "sealed with the newest key of SYNKRO_ENCRYPTION_KEYS" in after.stdout


def test_a_new_line_on_top_of_the_key_file_rotates_without_the_variable(
    platform: Platform, synkro: CommandLine, acme: Tenant
) -> None:
    file = platform.home / KEY_FILE
    file.write_text(f"{NEW}\n{OLD}\n")
    done = synkro.here("keys", "rotate")
    assert done.code == 0
    assert f"older keys may be removed from {file} once" in done.stderr
    file.write_text(f"{NEW}\n")
    assert synkro.here("integrations", "show", "acme").code == 0
    file.write_text("no key\n")
    assert f"{file} holds something" in synkro.here("integrations", "show", "acme").complaint(2)


def test_the_audit_log_tells_a_rotation_from_a_change(platform: Platform, acme: Tenant) -> None:
    key_rotation.rotate(with_keys(platform, NEW, OLD))
    integration_settings.save(with_keys(platform, NEW), acme, "radist", RADIST)
    with platform.database.console_transaction(acme.tenant_id) as connection:
        rows = connection.execute(
            "select action, metadata::text from app.audit_logs where action ~ '^secrets' order by 1"
        ).fetchall()
    assert [row["action"] for row in rows] == ["secrets.changed", "secrets.rotated"]
    assert not any("gAAAA" in row["metadata"] for row in rows)


def test_every_sealed_column_of_the_database_is_rotated(platform: Platform) -> None:
    with as_owner(platform.database) as connection:
        rows = connection.execute(
            "select table_schema, table_name, column_name from information_schema.columns "
            "where column_name ~ '(encrypted|sealed)' and table_schema !~ '^pg_'"
        ).fetchall()
    known = {(each.schema, each.table, each.column) for each in SEALED_COLUMNS}
    assert {tuple(row.values()) for row in rows} == known


def test_a_thousand_secrets_take_seconds(platform: Platform) -> None:
    planted = plant(platform, 125)
    started = time.monotonic()
    key_rotation.rotate(with_keys(platform, NEW, OLD))
    took = time.monotonic() - started
    print(f"{len(planted)} secrets in {took:.2f} s")
    assert values_in(platform, NEW) == planted
    assert took < 20


@pytest.mark.parametrize("trouble", ["another key", "swapped between tenants", "swapped kinds"])
def test_a_secret_that_does_not_open_is_one_clear_line_in_every_command(
    platform: Platform, synkro: CommandLine, acme: Tenant, trouble: str
) -> None:
    keys, said = spoil(platform, acme, trouble)
    command = synkro if trouble == "another key" else synkro.here
    ask = partial(command, SYNKRO_ENCRYPTION_KEYS=keys)
    assert said in ask("integrations", "show", "acme").complaint(2)
    checked = ask("integrations", "check", "acme")
    assert (checked.code, said in checked.stdout) == (1, True)
    assert "synkro: not working: " in checked.stderr
    (stored,) = {each.last_error for each in stored_integrations(platform, acme)}
    assert said in str(stored)
    examined = ask("doctor")
    assert (examined.code, said in examined.stdout) == (1, True)
    rotated = ask("keys", "rotate")
    assert (rotated.code, said in rotated.stderr) == (1, True)
    ran = ask("run", "acme", "--day", "2026-03-05")
    assert (ran.code, said in ran.stderr.splitlines()[-1]) == (2, True)
    with platform.database.tenant_transaction(acme.tenant_id) as connection:
        (run,) = connection.execute("select status, error from app.job_runs").fetchall()
    assert (run["status"], said in run["error"]) == ("failed", True)
    for answer in (checked, examined, rotated, ran):
        assert "Traceback" not in answer.stderr
        assert_nothing_shown(platform, answer, OLD, NEW, LOST)


def spoil(platform: Platform, acme: Tenant, trouble: str) -> tuple[str, str]:
    """Make acme's radist secret unreadable; the keys to use, and what is to be said of it."""
    if trouble == "another key":
        return LOST, "the radist secrets of tenant acme open with no key of SYNKRO_ENCRYPTION_KEYS"
    beta = add_tenant(platform, TenantSlug("beta"), "Beta", "UTC", "radist_only", ())
    other, kind = (beta, "radist") if "tenants" in trouble else (acme, "telegram")
    values = RADIST if kind == "radist" else {"bot_token": "1:planted-1", "chat_id": "1"}
    integration_settings.save(with_keys(platform, OLD), other, kind, values)
    with as_owner(platform.database) as connection:
        connection.execute(
            "update app.integration_configs as mine "
            "set secret_data_encrypted = other.secret_data_encrypted "
            "from app.integration_configs as other "
            "where (mine.tenant_id, mine.kind) <> (other.tenant_id, other.kind)"
        )
    if kind == "telegram":
        integration_settings.remove(platform, acme, kind)
    return OLD, "the radist secrets of tenant acme were sealed for another tenant or kind"


def stored_integrations(platform: Platform, tenant: Tenant) -> list[Any]:
    return list(integration_settings.stored(platform, tenant).values())


def assert_nothing_shown(platform: Platform, answer: Any, *keys: str) -> None:
    """Neither a secret, nor a key, nor a sealed token was printed."""
    for hidden in (*keys, *tokens(platform).values(), "planted-"):
        assert hidden not in answer.stdout + answer.stderr
