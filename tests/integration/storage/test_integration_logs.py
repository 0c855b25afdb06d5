"""``public.integration_logs``: its columns, who may do what, what is let go, what the views say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb

from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.log_cleanup import clean_up_integration_logs
from synkro_assets.operations.platform import Platform
from synkro_assets.storage.database import Database
from synkro_assets.storage.integration_logs import delete_old_logs
from tests.databases import as_owner

Connection = psycopg.Connection[DictRow]

COLUMNS = [
    ("id", "uuid", "NO"),
    ("tenant_id", "uuid", "YES"),
    ("service_name", "text", "NO"),
    ("action", "text", "NO"),
    ("status", "text", "NO"),
    ("related_entity_type", "text", "YES"),
    ("related_entity_id", "uuid", "YES"),
    ("external_id", "text", "YES"),
    ("request_payload", "jsonb", "YES"),
    ("response_payload", "jsonb", "YES"),
    ("error_message", "text", "YES"),
    ("error_code", "text", "YES"),
    ("duration_ms", "integer", "YES"),
    ("retry_count", "integer", "YES"),
    ("created_at", "timestamp with time zone", "YES"),
    ("updated_at", "timestamp with time zone", "YES"),
]
INDEXES = {
    "service_name": "(service_name)",
    "status": "(status)",
    "created_at": "(created_at DESC)",
    "related_entity": "(related_entity_type, related_entity_id)",
    "failed": "(service_name, created_at DESC) WHERE (status = 'failed'::text)",
    "dashboard": "(service_name, status, created_at DESC)",
}
VERBS = {
    "select": "select count(*) from public.integration_logs",
    "insert": "insert into public.integration_logs (tenant_id, service_name, action, status) "
    "values ({tenant}, 'x', 'y', 'success')",
    "update": "update public.integration_logs set action = 'z'",
    "delete": "delete from public.integration_logs",
}


@contextmanager
def acting(database: Database, role: str, **settings: str) -> Iterator[Connection]:
    """A transaction in a role's name that leaves nothing behind."""
    with psycopg.connect(database.url, row_factory=dict_row) as connection:
        for name, value in settings.items():
            connection.execute("select set_config(%s, %s, true)", (name.replace("__", "."), value))
        connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
        yield connection
        connection.rollback()


def plant(connection: Connection, **values: Any) -> UUID:
    """One row; what is not given is harmless."""
    row = {"service_name": "amocrm", "action": "leads", "status": "success"} | values
    row = {name: Jsonb(each) if isinstance(each, dict) else each for name, each in row.items()}
    age = row.pop("age", None)
    names = [*row, "created_at"] if age else [*row]
    marks = [sql.SQL("%s")] * len(row)
    marks += [sql.SQL("now() - %s::interval")] if age else []
    statement = sql.SQL("insert into public.integration_logs ({}) values ({}) returning id").format(
        sql.SQL(", ").join(map(sql.Identifier, names)), sql.SQL(", ").join(marks)
    )
    found = connection.execute(statement, [*row.values(), *([age] if age else [])]).fetchone()
    assert found
    return UUID(str(found["id"]))


def person(connection: Connection, role: str, tenant: Tenant | None) -> str:
    """A signed-in user's claims."""
    user_id = uuid4()
    connection.execute(
        "insert into app.users (user_id, email) values (%s, %s)", (user_id, f"{user_id}@x.kz")
    )
    connection.execute(
        "insert into app.user_roles (user_id, role, tenant_id) values (%s, %s, %s)",
        (user_id, role, tenant and tenant.tenant_id),
    )
    return f'{{"sub": "{user_id}"}}'


@pytest.fixture
def three_rows(platform: Platform, tenant: Tenant, neighbour: Tenant) -> Database:
    """A row of each tenant and one of nobody's."""
    with as_owner(platform.database) as connection:
        for tenant_id in (tenant.tenant_id, neighbour.tenant_id, None):
            plant(connection, tenant_id=tenant_id)
    return platform.database


def count(connection: Connection, relation: str = "public.integration_logs") -> int:
    found = connection.execute(
        sql.SQL("select count(*) as rows from {}").format(sql.SQL(relation))  # type: ignore[arg-type]  # ours
    ).fetchone()
    assert found
    return int(found["rows"])


def test_the_columns_are_those_other_programs_write(database: Database) -> None:
    with as_owner(database) as connection:
        found = connection.execute(
            "select column_name, data_type, is_nullable from information_schema.columns "
            "where table_schema = 'public' and table_name = 'integration_logs' "
            "order by ordinal_position"
        ).fetchall()
    assert [tuple(row.values()) for row in found] == COLUMNS


def test_defaults_fill_in_what_a_program_leaves_out(database: Database) -> None:
    with as_owner(database) as connection:
        plant(connection)
        row = connection.execute("select * from public.integration_logs").fetchone()
    assert row
    assert isinstance(row["id"], UUID)
    assert row["retry_count"] == 0
    assert row["created_at"] == row["updated_at"] is not None


@pytest.mark.parametrize(("name", "definition"), INDEXES.items())
def test_the_indexes_have_their_names(database: Database, name: str, definition: str) -> None:
    with as_owner(database) as connection:
        found = connection.execute(
            "select indexdef from pg_indexes where schemaname = 'public' and indexname = %s",
            (f"idx_integration_logs_{name}",),
        ).fetchone()
    assert found
    assert found["indexdef"].endswith(f"USING btree {definition}")


def test_any_service_and_only_known_statuses_are_taken(database: Database) -> None:
    with as_owner(database) as connection:
        for status in ("success", "failed", "pending", "retrying"):
            plant(connection, status=status, service_name=f"anything-{status}")
    with pytest.raises(psycopg.errors.CheckViolation), as_owner(database) as connection:
        plant(connection, status="sent")


def test_the_trigger_moves_updated_at(database: Database) -> None:
    with as_owner(database) as connection:
        planted = plant(connection)
    with as_owner(database) as connection:
        moved = connection.execute(
            "update public.integration_logs set error_message = 'x' where id = %s "
            "returning updated_at > created_at as moved",
            (planted,),
        ).fetchone()
    assert moved == {"moved": True}


def test_it_is_an_ordinary_table_behind_a_forced_wall(database: Database) -> None:
    with as_owner(database) as connection:
        found = connection.execute(
            "select relkind::text, relrowsecurity, relforcerowsecurity from pg_class "
            "where oid = 'public.integration_logs'::regclass"
        ).fetchone()
        names = connection.execute(
            "select policyname from pg_policies where tablename = 'integration_logs'"
        ).fetchall()
    assert found == {"relkind": "r", "relrowsecurity": True, "relforcerowsecurity": True}
    assert {
        "Service role full access to integration_logs",
        "Authenticated users can view integration_logs",
    } <= {row["policyname"] for row in names}


@pytest.mark.parametrize(
    ("role", "verbs"),
    [
        ("anon", ""),
        ("authenticated", "select"),
        ("service_role", "select insert update delete"),
        ("synkro_pipeline", "select insert"),
        ("synkro_console", "select insert update delete"),
        ("synkro_dbt", ""),
        ("synkro_readonly", "select"),
    ],
)
@pytest.mark.parametrize("verb", VERBS)
def test_each_role_has_its_verbs_and_no_other(
    three_rows: Database, tenant: Tenant, role: str, verbs: str, verb: str
) -> None:
    statement = VERBS[verb].format(tenant=f"'{tenant.tenant_id}'").encode()
    with acting(three_rows, role, app__tenant_id=str(tenant.tenant_id)) as connection:
        if verb in verbs.split():
            connection.execute(statement)
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_the_services_role_sees_and_writes_rows_of_nobody(three_rows: Database) -> None:
    with acting(three_rows, "service_role") as connection:
        assert count(connection) == 3
        plant(connection)
        changed = connection.execute("update public.integration_logs set status = 'failed'")
        assert changed.rowcount == 4
        assert connection.execute("delete from public.integration_logs").rowcount == 4


def test_runs_analysts_and_the_console_see_the_tenant_they_work_for(
    three_rows: Database, tenant: Tenant
) -> None:
    scope = {"app__tenant_id": str(tenant.tenant_id)}
    for role in ("synkro_pipeline", "synkro_readonly", "synkro_console"):
        with acting(three_rows, role, **scope) as connection:
            assert count(connection) == 1, role
            assert count(connection, "public.integration_stats_hourly") == 1, role
    with acting(three_rows, "synkro_console", app__tenant_id="*") as connection:
        assert count(connection) == 3


def test_a_run_cannot_write_a_neighbours_row_nor_one_of_nobody(
    three_rows: Database, tenant: Tenant, neighbour: Tenant
) -> None:
    for other in (neighbour.tenant_id, None):
        with (
            acting(
                three_rows, "synkro_pipeline", app__tenant_id=str(tenant.tenant_id)
            ) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            plant(connection, tenant_id=other)


@pytest.mark.parametrize(
    ("role", "of_tenant", "seen"),
    [("user", True, 1), ("admin_lite", True, 1), ("super_admin", False, 3)],
)
def test_signed_in_users_see_their_tenants_and_super_administrators_everything(
    three_rows: Database, tenant: Tenant, role: str, of_tenant: bool, seen: int
) -> None:
    with as_owner(three_rows) as connection:
        claims = person(connection, role, tenant if of_tenant else None)
    with acting(three_rows, "authenticated", request__jwt__claims=claims) as connection:
        assert count(connection) == seen
        stats = connection.execute(
            "select (select sum(count) from public.integration_stats_hourly) as hourly, "
            "(select sum(count) from public.integration_stats_daily) as daily"
        ).fetchone()
        assert stats == {"hourly": seen, "daily": seen}


def test_a_stranger_and_somebody_without_a_session_see_nothing(three_rows: Database) -> None:
    for claims in ("", f'{{"sub": "{uuid4()}"}}'):
        with acting(three_rows, "authenticated", request__jwt__claims=claims) as connection:
            assert count(connection) == 0
            assert count(connection, "public.integration_stats_daily") == 0


@pytest.mark.parametrize("view", ["integration_stats_hourly", "integration_stats_daily"])
def test_nobody_else_reads_the_views(three_rows: Database, view: str) -> None:
    for role in ("anon", "synkro_dbt"):
        with (
            acting(three_rows, role) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            count(connection, f"public.{view}")


def test_the_views_have_the_columns_dashboards_know(database: Database) -> None:
    with as_owner(database) as connection:
        found = {
            view: [column.name for column in connection.execute(query).description or ()]
            for view, query in (
                ("hourly", b"select * from public.integration_stats_hourly"),
                ("daily", b"select * from public.integration_stats_daily"),
            )
        }
    shared = ["service_name", "action", "status"]
    assert found == {
        "hourly": [*shared, "hour", "count", "avg_duration_ms", "max_duration_ms", "failed_count"],
        "daily": [*shared, "day", "count", "avg_duration_ms", "failed_count"],
    }


def test_the_hourly_view_sums_up_the_last_day(database: Database) -> None:
    with as_owner(database) as connection:
        for age, duration in (("1 second", 10), ("23 hours 59 minutes", 20), ("25 hours", 30)):
            plant(connection, age=age, duration_ms=duration)
        plant(connection, age="1 second", status="failed", duration_ms=None)
        rows = connection.execute(
            "select status, sum(count) as rows, max(max_duration_ms) as longest, "
            "sum(failed_count) as failed, bool_and(hour = date_trunc('hour', hour)) as is_hour "
            "from public.integration_stats_hourly group by status order by status"
        ).fetchall()
    assert [tuple(row.values()) for row in rows] == [
        ("failed", 1, None, 1, True),
        ("success", 2, 20, 0, True),
    ]


def daily(connection: Connection) -> list[tuple[Any, ...]]:
    """The daily view and what the rows themselves say; the two must be the same."""
    shown = connection.execute(
        "select service_name, action, status, day, count, avg_duration_ms, failed_count "
        "from public.integration_stats_daily order by 1, 2, 3, 4"
    ).fetchall()
    counted = connection.execute(
        "select service_name, action, status, date_trunc('day', created_at, 'UTC') as day, "
        "count(*), round(avg(duration_ms), 1) as avg_duration_ms, "
        "count(*) filter (where status = 'failed') as failed_count "
        "from public.integration_logs where created_at >= now() - interval '30 days' "
        "group by 1, 2, 3, 4 order by 1, 2, 3, 4"
    ).fetchall()
    assert shown == counted
    return [tuple(row.values()) for row in shown]


def test_the_daily_view_says_what_the_rows_say_whatever_is_done_to_them(
    three_rows: Database,
) -> None:
    with as_owner(three_rows) as connection:
        connection.execute(
            "insert into public.integration_logs "
            "(service_name, action, status, duration_ms, created_at) "
            "select 's' || n % 2, 'a' || n % 3, "
            "(array['success', 'failed', 'retrying'])[1 + n % 3], "
            "nullif(n % 50, 0), now() - n * interval '47 minutes' "
            "from generate_series(0, 1999) as n"
        )
        assert len(daily(connection)) > 100
        connection.execute(
            "update public.integration_logs set status = 'success' where action = 'a1'"
        )
        daily(connection)
        connection.execute("update public.integration_logs set duration_ms = duration_ms + 1")
        daily(connection)
        connection.execute(
            "update public.integration_logs set created_at = created_at + interval '10 days' "
            "where service_name = 's0'"
        )
        daily(connection)
        connection.execute("delete from public.integration_logs where duration_ms > 25")
        daily(connection)
        connection.execute("select app.draw_together_integration_log_days()")
        assert daily(connection)
        doubled = connection.execute(
            "select 1 from app.integration_log_days "
            "group by tenant_id, day, service_name, action, status having count(*) > 1"
        ).fetchall()
        assert not doubled
        connection.execute("truncate public.integration_logs")
        assert daily(connection) == []


def test_the_daily_view_ends_where_thirty_days_end(database: Database) -> None:
    with as_owner(database) as connection:
        plant(connection, action="in", age="29 days 23 hours 59 minutes")
        plant(connection, action="out", age="30 days 1 minute")
        plant(connection, action="long out", age="45 days")
        assert [row[1] for row in daily(connection)] == ["in"]


def test_single_rows_are_drawn_together_by_themselves(database: Database) -> None:
    with as_owner(database) as connection:
        connection.execute(
            "do $$ begin for number in 1..5100 loop "
            "insert into public.integration_logs (service_name, action, status) "
            "values ('s', 'a', 'success'); end loop; end $$"
        )
        assert count(connection, "app.integration_log_days") < 200
        assert daily(connection)[0][4] == 5100


def test_a_strict_transaction_may_log_too(database: Database) -> None:
    with psycopg.connect(database.url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
        connection.execute(
            "do $$ begin for number in 1..5100 loop "
            "insert into public.integration_logs (service_name, action, status) "
            "values ('s', 'a', 'success'); end loop; end $$"
        )


def test_a_deleted_tenant_takes_its_rows_along(three_rows: Database, tenant: Tenant) -> None:
    with as_owner(three_rows) as connection:
        connection.execute("delete from app.tenants where tenant_id = %s", (tenant.tenant_id,))
        assert count(connection) == 2
        assert sum(row[4] for row in daily(connection)) == 2


AGED = [
    ("success", "89 days", True),
    ("success", "91 days", False),
    ("failed", "91 days", True),
    ("retrying", "179 days", True),
    ("pending", "179 days", True),
    ("failed", "181 days", False),
    ("pending", "181 days", False),
    ("success", "181 days", False),
]


@pytest.mark.parametrize("role", ["service_role", "synkro_console"])
def test_old_successes_and_very_old_rows_are_let_go(
    three_rows: Database, tenant: Tenant, role: str
) -> None:
    with as_owner(three_rows) as connection:
        for status, age, stays in AGED:
            for tenant_id in (tenant.tenant_id, None):
                action = "stays" if stays else "goes"
                plant(connection, status=status, age=age, action=action, tenant_id=tenant_id)
    with acting(three_rows, role, app__tenant_id="*") as connection:
        assert delete_old_logs(connection) == 8
        left = connection.execute("select action from public.integration_logs").fetchall()
        assert delete_old_logs(connection) == 0
    assert sorted(row["action"] for row in left) == ["leads"] * 3 + ["stays"] * 8


def test_a_batch_is_never_larger_than_asked_for_and_the_oldest_go_first(database: Database) -> None:
    with as_owner(database) as connection:
        for number in range(7):
            plant(connection, age=f"{100 + number} days", action=str(number))
            plant(connection, age=f"{200 + number} days", status="failed", action=f"f{number}")
    with database.console_transaction() as connection:
        assert [delete_old_logs(connection, 4) for _ in range(5)] == [4, 4, 4, 2, 0]
    with as_owner(database) as connection:
        plant(connection, age="100 days", action="younger")
        plant(connection, age="101 days", action="older")
    with database.console_transaction() as connection:
        assert delete_old_logs(connection, 0) == 0
        assert delete_old_logs(connection, 1) == 1
    with as_owner(database) as connection:
        left = connection.execute("select action from public.integration_logs").fetchall()
    assert [row["action"] for row in left] == ["younger"]


def test_rows_that_somebody_holds_are_left_without_waiting(database: Database) -> None:
    with as_owner(database) as connection:
        held = plant(connection, age="100 days")
        plant(connection, age="100 days")
    with as_owner(database) as holder:
        holder.execute("select from public.integration_logs where id = %s for update", (held,))
        with database.console_transaction() as connection:
            connection.execute("set local lock_timeout = '1s'")
            assert delete_old_logs(connection) == 1
    with database.console_transaction() as connection:
        assert delete_old_logs(connection) == 1


def test_only_the_services_may_clean_up(database: Database) -> None:
    for role in ("anon", "authenticated", "synkro_pipeline", "synkro_readonly", "synkro_dbt"):
        with (
            acting(database, role) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            delete_old_logs(connection)


def test_a_console_of_one_tenant_cleans_up_its_rows_alone(
    platform: Platform, tenant: Tenant, neighbour: Tenant
) -> None:
    with as_owner(platform.database) as connection:
        for tenant_id in (tenant.tenant_id, neighbour.tenant_id, None):
            plant(connection, tenant_id=tenant_id, age="100 days")
    with platform.database.console_transaction(tenant.tenant_id) as connection:
        assert delete_old_logs(connection) == 1


def test_the_cleanup_deletes_batch_by_batch_until_nothing_is_left(
    platform: Platform, tenant: Tenant
) -> None:
    with as_owner(platform.database) as connection:
        connection.execute(
            "insert into public.integration_logs (service_name, action, status, created_at) "
            "select 's', 'a', 'success', now() - interval '91 days' from generate_series(1, 2500)"
        )
        plant(connection, tenant_id=tenant.tenant_id)
    said: list[str] = []
    assert clean_up_integration_logs(platform, said.append, batch_size=100) == 2500
    assert said == [
        "1000 rows deleted so far",
        "2000 rows deleted so far",
        "2500 old rows of the integration log deleted",
    ]
    with as_owner(platform.database) as connection:
        assert count(connection) == 1


def test_no_function_here_follows_the_callers_search_path(database: Database) -> None:
    with as_owner(database) as connection:
        found = connection.execute(
            "select proname, proconfig from pg_proc where proname in "
            "('cleanup_old_integration_logs', 'sum_integration_logs', "
            "'draw_together_integration_log_days')"
        ).fetchall()
    assert len(found) == 3
    allowed = ({'search_path=""'}, {"search_path=pg_catalog, pg_temp"})
    assert all(set(row["proconfig"]) in allowed for row in found)


def test_a_project_that_grants_everything_by_default_is_walled_off_too(
    empty_database: Database, migrate_into: Callable[[Database], None]
) -> None:
    with as_owner(empty_database) as connection:
        connection.execute(
            "do $$ declare wanted text; begin "
            "foreach wanted in array array['anon', 'authenticated', 'service_role'] loop "
            "if not exists (select from pg_roles where rolname = wanted) then "
            "execute format('create role %I nologin noinherit', wanted); end if; end loop; end $$"
        )
        for kind in ("tables", "functions", "sequences"):
            connection.execute(
                sql.SQL(
                    "alter default privileges in schema public grant all on {} "
                    "to anon, authenticated, service_role"
                ).format(sql.SQL(kind))  # type: ignore[arg-type]
            )
    migrate_into(empty_database)
    for role in ("anon", "authenticated"):
        for relation in (
            "integration_logs", "integration_stats_hourly", "integration_stats_daily",
        ):  # fmt: skip
            with as_owner(empty_database) as connection:
                found = connection.execute(
                    "select array_agg(privilege_type::text order by 1) as verbs "
                    "from information_schema.role_table_grants "
                    "where table_name = %s and grantee = %s",
                    (relation, role),
                ).fetchone()
            assert found == {"verbs": ["SELECT"] if role == "authenticated" else None}
        with (
            acting(empty_database, role) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            delete_old_logs(connection)
