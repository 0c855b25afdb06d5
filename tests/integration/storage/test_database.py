"""What a database that cannot be used says: one clear line, never the password."""

import socket

import psycopg
import pytest

from synkro_assets.domain.errors import DatabaseUnavailable
from synkro_assets.storage.database import Database
from tests.databases import as_owner, with_database, with_password

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


def test_nobody_sees_the_password_of_a_database(server_url: str) -> None:
    assert PASSWORD not in repr(Database(with_password(server_url, PASSWORD)))
