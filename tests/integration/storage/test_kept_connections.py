"""Connections kept between transactions: used again while they can be, nothing left in them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import psycopg
import pytest

from synkro_assets.domain.tenant import Tenant
from synkro_assets.storage.database import Actor, Connection, Database
from synkro_assets.storage.kept_connections import KeptConnections
from tests.databases import as_owner
from tests.waiting import await_that


def worker(connection: Connection) -> int:
    return connection.info.backend_pid


def used_by(database: Database) -> int:
    with database.console_transaction() as connection:
        return worker(connection)


def connections_of(database: Database) -> set[int]:
    with as_owner(database) as connection:
        found = connection.execute(
            "select pid from pg_stat_activity "
            "where datname = current_database() and application_name = 'synkro'"
        )
        return {each["pid"] for each in found}


@pytest.fixture
def keeping(database: Database) -> Iterator[Database]:
    with database.keeping_connections() as kept:
        yield kept


@pytest.fixture
def kept() -> Iterator[KeptConnections]:
    connections = KeptConnections()
    yield connections
    connections.close()


def opened(database: Database) -> Connection:
    return psycopg.connect(
        database.url, autocommit=True, row_factory=psycopg.rows.dict_row, application_name="synkro"
    )


def test_transactions_of_a_block_share_a_connection_which_ends_with_it(database: Database) -> None:
    assert used_by(database) != used_by(database)
    with database.keeping_connections() as keeping:
        first = used_by(keeping)
        assert used_by(keeping) == used_by(keeping.acting_as(Actor("ann"))) == first
        assert connections_of(database) == {first}
    await_that(lambda: not connections_of(database), "the kept connection is closed")
    assert used_by(keeping) not in (first, used_by(keeping))


def test_nothing_of_a_transaction_is_left_for_the_next_one(
    database: Database, tenant: Tenant
) -> None:
    kept = KeptConnections()
    keeping = Database(database.url, Actor("ann", "203.0.113.9"), kept)
    with keeping.tenant_transaction(tenant.tenant_id):
        pass
    left = kept.take()
    assert left is not None
    found = left.execute(
        "select current_user = session_user as is_itself, "
        "coalesce(current_setting('app.tenant_id', true), '') as tenant, "
        "coalesce(current_setting('app.actor', true), '') as actor, "
        "(select count(*) from pg_locks where pid = pg_backend_pid() and locktype = 'advisory') "
        "as locks"
    ).fetchone()
    left.close()
    assert found == {"is_itself": True, "tenant": "", "actor": "", "locks": 0}


def test_sessions_and_what_goes_on_beside_have_connections_of_their_own(
    keeping: Database, tenant: Tenant
) -> None:
    first = used_by(keeping)
    with keeping.tenant_session(tenant.tenant_id) as session, keeping.owner_session() as owner:
        assert first not in (worker(session), worker(owner))
    with keeping.tenant_transaction(tenant.tenant_id, is_beside=True) as beside:
        assert worker(beside) != first
        assert used_by(keeping) == first


def test_a_failed_transaction_takes_its_connection_with_it(keeping: Database) -> None:
    first = used_by(keeping)

    def fail() -> None:
        with keeping.console_transaction() as connection:
            raise LookupError(worker(connection))

    with pytest.raises(LookupError, match=str(first)):
        fail()
    assert used_by(keeping) != first


def test_a_connection_that_the_server_ended_is_not_used(
    keeping: Database, database: Database
) -> None:
    first = used_by(keeping)
    with as_owner(database) as connection:
        connection.execute("select pg_terminate_backend(%s, 5000)", [first])
    assert used_by(keeping) != first


def test_a_connection_that_was_idle_for_long_is_not_used(database: Database) -> None:
    moments = [0.0]
    kept = KeptConnections(lambda: moments[0])
    kept.put(opened(database))
    moments[0] = 60.0
    again = kept.take()
    assert again is not None
    kept.put(again)
    moments[0] = 120.1
    assert kept.take() is None
    assert again.closed


def test_two_are_kept_and_the_last_one_is_used_first(
    kept: KeptConnections, database: Database
) -> None:
    first, second, third = (opened(database) for _ in range(3))
    for each in (first, second, third):
        kept.put(each)
    assert [each.closed for each in (first, second, third)] == [False, False, True]
    assert kept.take() is second
    second.close()


def test_what_is_in_the_middle_of_something_is_closed(
    kept: KeptConnections, database: Database
) -> None:
    connection = opened(database)
    connection.execute("begin")
    kept.put(connection)
    assert connection.closed
    assert kept.take() is None


def test_what_comes_back_after_the_end_is_closed(database: Database) -> None:
    kept = KeptConnections()
    kept.close()
    connection = opened(database)
    kept.put(connection)
    assert connection.closed


def test_threads_never_have_the_same_connection(keeping: Database) -> None:
    met = threading.Barrier(3)
    found: list[int] = []

    def work() -> None:
        with keeping.console_transaction() as connection:
            found.append(worker(connection))
            met.wait(30)

    for _ in range(2):
        threads = [threading.Thread(target=work) for _ in range(3)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert len(set(found[-3:])) == 3
    assert len(set(found)) == 4


def test_a_child_process_leaves_its_parents_connections_alone(
    kept: KeptConnections, database: Database
) -> None:
    connection = opened(database)
    kept.put(connection)
    child = os.fork()
    if child == 0:
        os._exit(0 if kept.take() is None else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    again = kept.take()
    assert again is connection
    assert connection.execute("select 1 as one").fetchone() == {"one": 1}
    connection.close()
