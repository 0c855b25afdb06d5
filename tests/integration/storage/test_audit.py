"""The audit log: a change leaves one row with its actor and no secret, and nothing removes it."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import psycopg
import pytest
from psycopg import sql

from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.platform import Platform
from synkro_assets.storage.audit import record_failed_sign_in, record_sign_in
from synkro_assets.storage.database import CONSOLE, PIPELINE, Actor, Database
from tests.audit_trail import AuditTrail, everything_recorded
from tests.databases import as_owner

BOSS = Actor("boss@acme.example", "203.0.113.9")
SEALED = "gAAAA-planted-token-of-sealed-secrets"
HASH = "$argon2id$planted-hash-of-a-password"

ROLES = (
    "synkro_pipeline", "synkro_console", "synkro_dbt", "synkro_readonly", "synkro_guard",
    "anon", "authenticated", "service_role",
)  # fmt: skip

# Everything a test changes, once for each table.
STAGE = """
insert into app.integration_configs (tenant_id, kind, public_data, secret_data_encrypted)
select tenant_id, 'telegram', '{"base_url": "https://api.telegram.org/bot", "chat_id": "-100"}',
  'first seal' from app.tenants;
insert into app.users (email, password_hash) values ('ann@acme.example', 'first hash');
insert into app.user_profiles (user_id, phone) select user_id, '+79990000000' from app.users;
insert into app.user_roles (user_id, role, tenant_id)
select user_id, 'user', tenant_id from app.users, app.tenants;
insert into app.job_runs (tenant_id, job_type, mode, trigger_type, business_day, requested_by)
select tenant_id, 'daily_report', 'amocrm_radist', 'api', '2026-03-05', 'shop' from app.tenants;
insert into app.reports (tenant_id, business_day, period_start, period_end, window_start,
  window_end, status, summary_text, data_ref)
select tenant_id, '2026-03-05', '2026-03-05', '2026-03-05', now(), now(), 'complete', 'a report',
  'day:2026-03-05' from app.tenants;
"""

ASK = (
    "insert into app.report_messages (tenant_id, report_id, role, channel, author, text) "
    "select tenant_id, report_id, '{}', 'web', 'ann', 'why so few?' from app.reports"
)


@dataclass(frozen=True, slots=True)
class Change:
    """A statement, the role that may make it, and what it leaves."""

    role: str
    statement: str
    action: str
    message: str
    is_of_tenant: bool = True


CHANGES = {
    "a new tenant": Change(
        CONSOLE, "insert into app.tenants (slug, name, timezone) values ('new', 'N', 'UTC')",
        "tenant.created", "tenant new was created",
    ),
    "another name": Change(
        CONSOLE, "update app.tenants set name = 'Acme Ltd' where tenant_id = %(tenant)s",
        "tenant.changed", "tenant acme was changed: name",
    ),
    "paused": Change(
        CONSOLE, "update app.tenants set status = 'paused' where tenant_id = %(tenant)s",
        "tenant.changed", "tenant acme was changed: status",
    ),
    "settings": Change(
        CONSOLE, "update app.tenant_runtime_configs set mode = 'radist_only', max_amo_leads = 7",
        "settings.changed", "settings of acme were changed: max_amo_leads, mode",
    ),
    "another integration": Change(
        CONSOLE, "insert into app.integration_configs (tenant_id, kind, secret_data_encrypted) "
        f"values (%(tenant)s, 'ai', '{SEALED}')",
        "integration.saved", "the ai integration of acme was saved",
    ),
    "another chat": Change(
        CONSOLE,
        """update app.integration_configs set public_data = public_data || '{"chat_id": "-200"}'""",
        "integration.saved", "the telegram integration of acme was saved",
    ),
    "secrets": Change(
        CONSOLE, f"update app.integration_configs set secret_data_encrypted = '{SEALED}'",
        "secrets.changed", "the telegram integration of acme was saved with its secrets",
    ),
    "secrets in a run": Change(
        PIPELINE, f"update app.integration_configs set secret_data_encrypted = '{SEALED}'",
        "secrets.changed", "the telegram integration of acme was saved with its secrets",
    ),
    "no integration": Change(
        CONSOLE, "delete from app.integration_configs",
        "integration.removed", "the telegram integration of acme was removed with its secrets",
    ),
    "another person": Change(
        CONSOLE, f"insert into app.users (email, password_hash) values ('bob@x.example', '{HASH}')",
        "user.created", "bob@x.example was created", is_of_tenant=False,
    ),
    "a password": Change(
        CONSOLE, f"update app.users set password_hash = '{HASH}'",
        "user.changed", "ann@acme.example was changed: password_hash", is_of_tenant=False,
    ),
    "disabled": Change(
        CONSOLE, "update app.users set disabled_at = now()",
        "user.disabled", "ann@acme.example was disabled", is_of_tenant=False,
    ),
    "removed": Change(
        CONSOLE, "delete from app.users",
        "user.removed", "ann@acme.example was removed", is_of_tenant=False,
    ),
    "a profile": Change(
        CONSOLE, "update app.user_profiles set phone = '+79991111111', language = 'en'",
        "profile.changed", "the profile of ann@acme.example was changed: language, phone",
        is_of_tenant=False,
    ),
    "a role": Change(
        CONSOLE, "insert into app.user_roles (user_id, role) select user_id, 'user' from app.users",
        "role.granted", "the role user of all tenants was granted to ann@acme.example",
        is_of_tenant=False,
    ),
    "no role": Change(
        CONSOLE, "delete from app.user_roles",
        "role.revoked", "the role user of acme was revoked from ann@acme.example",
    ),
    "a request": Change(
        CONSOLE, "insert into app.job_runs (tenant_id, job_type, mode, trigger_type, requested_by) "
        "values (%(tenant)s, 'forced_report', 'radist_only', 'api', 'shop')",
        "run.requested", "of acme (forced_report) was asked for",
    ),
    "a run that is entered": Change(
        PIPELINE, "insert into app.job_runs (tenant_id, job_type, mode, trigger_type, requested_by,"
        " status, first_business_day, business_day) values (%(tenant)s, 'daily_report', "
        "'radist_only', 'manual', 'root', 'running', '2026-03-01', '2026-03-05')",
        "run.started", "of acme (daily_report 2026-03-01 to 2026-03-05) was started",
    ),
    "a request that is taken": Change(
        PIPELINE, "update app.job_runs set status = 'running', started_at = now()",
        "run.started", "of acme (daily_report 2026-03-05) was started",
    ),
    "a stop": Change(
        PIPELINE, "update app.job_runs set stop_requested_by = 'root', stop_requested_at = now(), "
        "status = 'canceled'",
        "run.stop_requested", "of acme (daily_report 2026-03-05) was asked to stop",
    ),
    "a question": Change(
        PIPELINE, ASK.format("user"),
        "question.asked", "ann asked about a report of acme",
    ),
}  # fmt: skip

NO_CHANGES = {
    "the same name": (CONSOLE, "update app.tenants set name = name"),
    "the version": (CONSOLE, "update app.tenant_runtime_configs set config_version = 9"),
    "a check": (
        PIPELINE,
        "update app.integration_configs set status = 'error', last_checked_at = now()",
    ),
    "the bot's place": (
        PIPELINE,
        """update app.integration_configs
        set public_data = public_data || '{"telegram_update_offset": 77}'""",
    ),
    "the same role": (CONSOLE, "update app.user_roles set role = role"),
    "a step": (PIPELINE, "update app.job_runs set current_step = 'raw', progress = 10"),
    "a refusal": (PIPELINE, "update app.job_runs set status = 'failed', error = 'no such day'"),
    "an answer": (PIPELINE, ASK.format("assistant")),
}


@pytest.fixture
def trail(platform: Platform, tenant: Tenant) -> AuditTrail:
    """The log behind a tenant that has something of everything."""
    with as_owner(platform.database) as connection:
        connection.execute(STAGE)
    trail = AuditTrail(platform.database)
    trail.news()
    return trail


def change(database: Database, tenant: Tenant, role: str, statement: str, **settings: str) -> None:
    """Make a change with a role's rights; the console's over all tenants."""
    works = (
        database.console_transaction()
        if role == CONSOLE
        else database.tenant_transaction(tenant.tenant_id)
    )
    with works as connection:
        for name, value in settings.items():
            connection.execute("select set_config(%s, %s, true)", [f"app.{name}", value])
        connection.execute(statement.encode(), {"tenant": tenant.tenant_id})


@pytest.mark.parametrize("expected", CHANGES.values(), ids=CHANGES)
def test_a_change_leaves_one_row_with_its_actor(
    tenant: Tenant, trail: AuditTrail, expected: Change
) -> None:
    acting = trail.database.acting_as(BOSS)
    change(acting, tenant, expected.role, expected.statement)
    (row,) = trail.news()
    assert (row["action"], row["actor"]) == (expected.action, BOSS.name)
    assert row["ip_address"] == ip_address(BOSS.ip_address or "")
    assert row["message"].endswith(expected.message)
    assert (row["tenant_id"] is not None) is expected.is_of_tenant
    assert SEALED not in str(row) and HASH not in str(row)


@pytest.mark.parametrize("case", NO_CHANGES.values(), ids=NO_CHANGES)
def test_what_changes_nothing_of_weight_leaves_no_row(
    tenant: Tenant, trail: AuditTrail, case: tuple[str, str]
) -> None:
    change(trail.database.acting_as(BOSS), tenant, *case)
    assert trail.news() == []


def test_a_row_says_old_and_new_values_but_never_a_secret(
    tenant: Tenant, trail: AuditTrail
) -> None:
    def changed(statement: str) -> Any:
        change(trail.database, tenant, CONSOLE, statement)
        (row,) = trail.news()
        return row["metadata"]["changed"]

    assert changed(CHANGES["settings"].statement) == {
        "mode": {"from": "amocrm_radist", "to": "radist_only"},
        "max_amo_leads": {"from": 5000, "to": 7},
    }
    assert changed(CHANGES["another chat"].statement) == {"chat_id": {"from": "-100", "to": "-200"}}
    assert changed(CHANGES["secrets"].statement) == {"secrets": "not shown"}
    assert changed(CHANGES["a password"].statement) == {"password_hash": "not shown"}
    assert changed(CHANGES["a profile"].statement) == {
        "phone": "not shown",
        "language": {"to": "en"},
    }
    leaky = """{"base_url": "https://me:pa55@proxy.ex/bot", "chat_id": "12:AAH-t0ken", "x": 1}"""
    assert changed(f"update app.integration_configs set public_data = '{leaky}'") == {
        "base_url": {"from": "https://api.telegram.org", "to": "not shown"},
        "chat_id": {"from": "-200", "to": "not shown"},
        "x": "not shown",
    }
    everything = everything_recorded(trail.database)
    assert not [each for each in (SEALED, HASH, "pa55", "t0ken", "+7999") if each in everything]


def test_a_change_of_role_is_one_revoked_and_one_granted(tenant: Tenant, trail: AuditTrail) -> None:
    change(trail.database, tenant, CONSOLE, "update app.user_roles set role = 'admin_lite'")
    assert trail.new_actions() == ["role.revoked", "role.granted"]


def test_a_run_that_is_stopped_unasked_is_recorded_once(tenant: Tenant, trail: AuditTrail) -> None:
    change(trail.database, tenant, PIPELINE, "update app.job_runs set status = 'running'")
    change(trail.database, tenant, PIPELINE, "update app.job_runs set status = 'canceled'")
    assert trail.new_actions() == ["run.started", "run.stopped"]


def test_what_secrets_were_changed_for_may_be_said_and_nothing_else(
    tenant: Tenant, trail: AuditTrail
) -> None:
    seal = "update app.integration_configs set secret_data_encrypted = 'seal of {}'"
    for purpose in ("secrets.rotated", "secrets.refreshed", "tenant.changed"):
        change(trail.database, tenant, PIPELINE, seal.format(purpose), audit_action=purpose)
    assert trail.new_actions() == ["secrets.rotated", "secrets.refreshed", "secrets.changed"]
    change(
        trail.database, tenant, CONSOLE, "delete from app.integration_configs",
        audit_action="secrets.rotated",
    )  # fmt: skip
    assert trail.new_actions() == ["integration.removed"]


def test_without_an_actor_the_login_stands_and_an_unreadable_address_is_none(
    tenant: Tenant, trail: AuditTrail
) -> None:
    rename = "update app.tenants set name = name || '!'"
    with as_owner(trail.database) as connection:
        connection.execute(rename.encode())
    change(trail.database.acting_as(Actor("x", "testclient")), tenant, CONSOLE, rename)
    by_login, by_program = trail.news()
    assert by_login["actor"] == by_login["login_name"] == by_program["login_name"]
    assert by_program["actor"] == "x"
    # Tests reach the server over loopback or a socket, which tells nothing of anybody.
    assert by_login["ip_address"] is by_program["ip_address"] is None


@pytest.mark.parametrize("role", [None, *ROLES])
@pytest.mark.parametrize(
    "statement",
    [
        "update app.audit_logs set actor = 'somebody else'",
        "delete from app.audit_logs",
        "truncate app.audit_logs",
    ],
)
def test_nobody_changes_or_removes_a_row(
    tenant: Tenant, trail: AuditTrail, role: str | None, statement: str
) -> None:
    before = everything_recorded(trail.database)
    with as_owner(trail.database) as connection:
        if role is None:
            # The server's own user, with ordinary triggers switched off.
            connection.execute("set local session_replication_role = replica")
        else:
            connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
        connection.execute("select set_config('app.tenant_id', %s, true)", [str(tenant.tenant_id)])
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege) as refused,
            connection.transaction(),
        ):
            connection.execute(statement.encode())
    if role is None:
        said = "the audit log is append-only: its rows are never changed or removed"
        assert refused.value.diag.message_primary == said
    assert everything_recorded(trail.database) == before


@pytest.mark.parametrize("role", [each for each in ROLES if each != "synkro_guard"])
def test_nobody_adds_a_row_but_through_the_functions(trail: AuditTrail, role: str) -> None:
    forged = "insert into app.audit_logs (actor, action, message) values ('a', 'b.c', 'd')"
    with as_owner(trail.database) as connection:
        connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute(forged)
        if role != CONSOLE:
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute("select app.record_audit('b.c', 'd')")
    assert trail.news() == []


def test_what_is_recorded_of_a_tenant_outlives_it(tenant: Tenant, trail: AuditTrail) -> None:
    change(trail.database, tenant, CONSOLE, CHANGES["paused"].statement)
    change(trail.database, tenant, CONSOLE, "delete from app.tenants")
    rows = trail.news()
    assert [row["action"] for row in rows] == ["tenant.changed", "tenant.removed"]
    assert {row["tenant_id"] for row in rows} == {tenant.tenant_id}
    assert rows[-1]["message"] == "tenant acme was removed"


def test_each_tenant_sees_its_own_rows(
    tenant: Tenant, neighbour: Tenant, trail: AuditTrail
) -> None:
    def seen_by(role: str, scope: str) -> set[Any]:
        with as_owner(trail.database) as connection:
            connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
            connection.execute("select set_config('app.tenant_id', %s, true)", [scope])
            rows = connection.execute("select distinct tenant_id from app.audit_logs")
            return {row["tenant_id"] for row in rows}

    mine, theirs = tenant.tenant_id, neighbour.tenant_id
    assert seen_by(CONSOLE, "*") == {mine, theirs, None}
    assert seen_by(CONSOLE, str(mine)) == seen_by("synkro_readonly", str(mine)) == {mine}
    assert seen_by(CONSOLE, str(theirs)) == {theirs}
    for role in ("synkro_pipeline", "synkro_dbt", "anon", "authenticated", "service_role"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            seen_by(role, str(mine))


def test_sign_ins_are_recorded_without_what_was_typed_wrong(trail: AuditTrail) -> None:
    record_sign_in(trail.database, "ann@acme.example", "203.0.113.9")
    record_failed_sign_in(trail.database, " Ann@acme.example", "203.0.113.9", "wrong password")
    record_failed_sign_in(trail.database, "my p@ssword", "203.0.113.9", "unknown e-mail")
    rows = trail.news()
    assert [(row["action"], row["actor"], row["message"]) for row in rows] == [
        ("sign_in.succeeded", "ann@acme.example", "ann@acme.example signed in"),
        (
            "sign_in.failed", "ann@acme.example",
            "ann@acme.example could not sign in: wrong password",
        ),
        (
            "sign_in.failed", "somebody unknown",
            "somebody unknown could not sign in: unknown e-mail",
        ),
    ]  # fmt: skip
    assert {str(row["ip_address"]) for row in rows} == {"203.0.113.9"}
