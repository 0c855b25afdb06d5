"""What a database that cannot be used says: one clear line, never the password."""

import socket
import threading

import psycopg
import pytest

from synkro_assets.domain.errors import DatabaseUnavailable
from synkro_assets.domain.tenant import Tenant
from synkro_assets.storage.database import Database
from tests.databases import as_owner, with_database, with_password
from tests.waiting import await_that, waits_for_a_row

PASSWORD = "planted-pa55word"


def complaint(url: str) -> str:
    with pytest.raises(DatabaseUnavailable) as failed, Database(url).console_transaction():
        pass
    said = str(failed.value)
    assert "\n" not in said
    assert PASSWORD not in said
    assert failed.value.__cause__ is None
    return said


def test_a_server_that_is_down() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    said = complaint(f"postgresql://synkro:{PASSWORD}@127.0.0.1:{port}/synkro")
    assert said == (
        f"the database 127.0.0.1:{port}/synkro does not answer: start it or mend "
        "SYNKRO_DATABASE_URL"
    )


def test_a_wrong_password(server_url: str) -> None:
    assert "refused the user or password" in complaint(with_password(server_url, PASSWORD))


def test_a_missing_database(server_url: str) -> None:
    said = complaint(with_database(server_url, "nobody_made_this"))
    assert "nobody_made_this does not exist: create it" in said


def test_a_connection_that_ends_during_the_work(database: Database) -> None:
    def work() -> None:
        with database.console_transaction() as connection:
            with psycopg.connect(database.url, autocommit=True) as other:
                other.execute("select pg_terminate_backend(%s)", [connection.info.backend_pid])
            connection.execute("select 1")

    with pytest.raises(DatabaseUnavailable, match="run the command again"):
        work()


def test_a_transaction_that_fails_keeps_nothing(database: Database) -> None:
    def work() -> None:
        with database.console_transaction() as connection:
            connection.execute("insert into app.users (email) values ('half@example.com')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    with as_owner(database) as connection:
        row = connection.execute("select count(*) as users from app.users").fetchone()
    assert row == {"users": 0}


def test_a_change_over_all_tenants_may_have_waited_for_its_row(
    database: Database, tenant: Tenant, neighbour: Tenant
) -> None:
    changed: list[int] = []

    def change() -> None:
        with database.console_transaction() as connection:
            done = connection.execute("update app.tenants set status = 'paused'")
            changed.append(done.rowcount)

    waiting = threading.Thread(target=change)
    with database.console_transaction(tenant.tenant_id) as connection:
        connection.execute("update app.tenants set name = 'Newer'")
        waiting.start()
        await_that(lambda: waits_for_a_row(database), "the change waits for the row")
    waiting.join()
    assert changed == [2]
    with database.console_transaction() as connection:
        rows = connection.execute("select name, status from app.tenants order by slug").fetchall()
    assert [tuple(row.values()) for row in rows] == [("Newer", "paused"), ("Beta", "paused")]


@pytest.mark.parametrize("role", ["synkro_pipeline", "synkro_dbt", "synkro_readonly"])
def test_all_tenants_is_no_answer_for_other_roles(
    database: Database, tenant: Tenant, role: str
) -> None:
    with as_owner(database) as connection:
        connection.execute(
            "select set_config('app.tenant_id', '*', true), set_config('role', %s, true)", [role]
        )
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="no tenant is set"):
            connection.execute("select slug from app.tenants")


def test_nobody_sees_the_password_of_a_database(server_url: str) -> None:
    assert PASSWORD not in repr(Database(with_password(server_url, PASSWORD)))
