"""Rows stored while others are read: all of them or none, and the same as when stored at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from synkro_assets.domain.errors import ClaimLost, DatabaseUnavailable
from synkro_assets.domain.tenant import Tenant
from synkro_assets.storage import streamed_load
from synkro_assets.storage.database import Connection, Database
from synkro_assets.storage.raw_loading import load_rows
from synkro_assets.storage.raw_rows import AMOCRM_TABLES, RAW_TABLES, Load, ensure_month
from synkro_assets.storage.streamed_load import StreamedLoad
from tests.databases import as_owner
from tests.integration.storage.conftest import DAY
from tests.waiting import await_that, waits_for_a_row

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
EVENTS, LEADS = RAW_TABLES["amocrm_events"], RAW_TABLES["amocrm_leads"]
Row = tuple[Any, ...]
# The server refuses a NUL in a text.
REFUSED: Row = (7, NOON, False, {"name": "\0"})
Make = Callable[..., StreamedLoad]


def event(number: int, said: str = "") -> Row:
    at = NOON + timedelta(minutes=number)
    return (f"e{number}", "lead_added", "lead", number, at, {"id": number, "said": said})


def lead(number: int, price: int = 100) -> Row:
    return (number, NOON, False, {"id": number, "price": price})


def link(number: int, *, is_main: bool = True) -> Row:
    return (number, number + 1000, is_main, {"id": number + 1000})


def contact(number: int) -> dict[str, list[Row]]:
    phone = f"+7916{number:07}"
    return {
        "amocrm_contacts": [(number, NOON, [phone], {"id": number})],
        "amocrm_contact_channels": [
            (number, NOON, "phone", 0, phone, phone, "WORK", {"value": phone})
        ],
    }


# A page of what a day answers; pages overlap, and a lead is answered again with another price.
PAGES: list[dict[str, list[Row]]] = [
    {"amocrm_events": [event(1), event(2)]},
    {"amocrm_events": [event(2, "again"), event(3)]},
    {"amocrm_leads": [lead(1), lead(2)], "amocrm_lead_contacts": [link(1), link(2)]},
    {"amocrm_leads": [lead(2, 200)], "amocrm_lead_contacts": [link(2, is_main=False)]},
    contact(1001),
    contact(1002),
]


def all_of(pages: Sequence[dict[str, list[Row]]], table: str) -> list[Row]:
    return [row for page in pages for row in page.get(table, [])]


def stored(database: Database) -> list[str]:
    with as_owner(database) as connection:
        return [
            f"{table.name} {each['row']}"
            for table in AMOCRM_TABLES
            for each in connection.execute(
                f"select (to_jsonb(stored) - '{{fetched_at,run_id}}'::text[])::text as row "
                f"from raw.{table.name} as stored order by 1"
            )
        ]


def load_at(tenant: Tenant, minutes: int) -> Load:
    return Load(tenant.tenant_id, DAY, NOON + timedelta(days=1, minutes=minutes), f"run {minutes}")


@pytest.fixture
def streamed(database: Database, tenant: Tenant) -> Iterator[Make]:
    """A load of the tenant's day; whatever a test leaves open is closed."""
    made: list[StreamedLoad] = []

    def make(prove: Callable[[Connection], None] = lambda _: None) -> StreamedLoad:
        load = load_at(tenant, len(made))
        made.append(StreamedLoad(database, AMOCRM_TABLES, load, prove))
        return made[-1]

    yield make
    for each in made:
        each.close()
    assert not [each for each in threading.enumerate() if each.name == "synkro-storing"]


@pytest.fixture(autouse=True)
def nothing_is_left_to_psycopgs_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What psycopg logs of a failure quotes the rows."""
    yield
    said = [*caplog.get_records("setup"), *caplog.get_records("call")]
    assert not [each for each in said if each.name.startswith("psycopg")]


def finish(loading: StreamedLoad, late: dict[str, list[Row]] | None = None) -> dict[str, int]:
    with loading.transaction():
        return {
            table.name: loading.load(table, (late or {}).get(table.name, ()))
            for table in AMOCRM_TABLES
        }


def put(loading: StreamedLoad, page: dict[str, list[Row]]) -> None:
    loading.put(lambda: page)


@pytest.mark.parametrize("most_unanswered", [1, 8 * 1024 * 1024])
@pytest.mark.parametrize("worth_storing", [1, 2, 3, 1000])
@pytest.mark.parametrize("early", [0, 3, len(PAGES)])
def test_what_is_stored_is_the_same_whenever_it_was_handed_over(
    streamed: Make,
    database: Database,
    tenant: Tenant,
    neighbour: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    worth_storing: int,
    early: int,
    most_unanswered: int,
) -> None:
    monkeypatch.setattr(streamed_load, "_WORTH_STORING", worth_storing)
    monkeypatch.setattr(streamed_load, "_MOST_UNANSWERED", most_unanswered)
    loading = streamed()
    for page in PAGES[:early]:
        put(loading, page)
    counts = finish(loading, {t.name: all_of(PAGES[early:], t.name) for t in AMOCRM_TABLES})
    assert counts["amocrm_events"] == 4
    found = stored(database)
    with as_owner(database) as connection:
        for table in AMOCRM_TABLES:
            connection.execute(f"delete from raw.{table.name}".encode())
    with database.tenant_transaction(tenant.tenant_id) as connection:
        ensure_month(connection, DAY)
        for table in AMOCRM_TABLES:
            load_rows(connection, table, load_at(tenant, 9), all_of(PAGES, table.name))
    assert found == stored(database)
    assert len(found) == 3 + 2 + 2 + 2 + 2


def test_nothing_is_seen_by_others_before_the_day_is_whole(
    streamed: Make, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed_load, "_WORTH_STORING", 1)
    loading = streamed()
    for page in PAGES:
        put(loading, page)
    with loading.transaction():
        assert loading.count(EVENTS) == 4
        assert stored(database) == []
    assert stored(database)


@pytest.mark.parametrize("is_stored_early", [True, False])
def test_a_day_that_is_not_read_whole_stays_as_it_was(
    streamed: Make, database: Database, monkeypatch: pytest.MonkeyPatch, *, is_stored_early: bool
) -> None:
    monkeypatch.setattr(streamed_load, "_WORTH_STORING", 1 if is_stored_early else 1000)
    finish(streamed(), {"amocrm_events": [event(1), event(2)]})
    before = stored(database)
    with closing(streamed()) as loading:
        put(loading, PAGES[1])
    assert stored(database) == before
    finish(streamed(), {"amocrm_events": [event(1), event(2)]})
    assert stored(database) == before


def test_what_cannot_be_stored_is_raised_to_the_reader_and_costs_no_stored_row(
    streamed: Make, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed_load, "_WORTH_STORING", 1)
    finish(streamed(), {"amocrm_events": [event(1)]})
    before = stored(database)
    loading = streamed()
    put(loading, {"amocrm_events": [event(5)], "amocrm_leads": [REFUSED]})

    def go_on() -> None:
        # More than may wait: whoever puts so many waits until the first are stored.
        for _ in range(100):
            put(loading, PAGES[2])

    with pytest.raises(psycopg.DataError):
        go_on()
    with pytest.raises(psycopg.DataError), loading.transaction():
        pytest.fail("the day cannot be committed")
    assert stored(database) == before


def test_a_refusal_that_was_not_heard_of_yet_is_heard_before_the_day_is_committed(
    streamed: Make,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streamed_load, "_WORTH_STORING", 1)
    loading = streamed()
    put(loading, {"amocrm_leads": [(7, NOON, False, {"name": "Иван\0"}), lead(1)]})
    put(loading, PAGES[2])
    with pytest.raises(psycopg.DataError), loading.transaction():
        pytest.fail("the day cannot be committed")
    loading.close()
    assert stored(database) == []


@pytest.mark.parametrize("is_read_on", [True, False])
def test_a_database_that_goes_away_is_said_in_words(
    streamed: Make, database: Database, monkeypatch: pytest.MonkeyPatch, *, is_read_on: bool
) -> None:
    monkeypatch.setattr(streamed_load, "_WORTH_STORING", 1)
    monkeypatch.setattr(streamed_load, "_BEHIND", 1)
    loading, begun, gone = streamed(), threading.Event(), threading.Event()

    def make() -> dict[str, list[Row]]:
        begun.set()
        assert gone.wait(10)
        return PAGES[2]

    put(loading, PAGES[0])
    loading.put(make)
    assert begun.wait(10)
    with as_owner(database) as connection:
        ended = connection.execute(
            "select pg_terminate_backend(pid, 5000) as is_gone from pg_stat_activity "
            "where datname = current_database() and xact_start is not null "
            "and pid <> pg_backend_pid()"
        ).fetchall()
    assert ended == [{"is_gone": True}]
    gone.set()

    def go_on() -> None:
        for _ in range(100 if is_read_on else 0):
            put(loading, PAGES[3])
        with loading.transaction():
            pytest.fail("the day cannot be committed")

    with pytest.raises(DatabaseUnavailable, match="run the command again"):
        go_on()
    assert stored(database) == []


def test_rows_that_cannot_be_made_are_raised_too(streamed: Make, database: Database) -> None:
    loading = streamed()
    loading.put(lambda: {"amocrm_leads": [lead(1 // 0)]})
    with pytest.raises(ZeroDivisionError), loading.transaction():
        pytest.fail("the day cannot be committed")
    assert stored(database) == []


def test_a_run_that_lost_its_tenant_commits_nothing(streamed: Make, database: Database) -> None:
    def prove(_: Connection) -> None:
        raise ClaimLost("another run took the tenant over")

    loading = streamed(prove)
    put(loading, PAGES[0])
    with pytest.raises(ClaimLost), loading.transaction():
        pytest.fail("the day cannot be committed")
    assert stored(database) == []


def test_an_error_in_the_last_step_takes_everything_back(
    streamed: Make, database: Database
) -> None:
    loading = streamed()
    put(loading, PAGES[0])
    with pytest.raises(psycopg.DataError), loading.transaction():
        loading.load(LEADS, [lead(1), REFUSED])
    assert stored(database) == []


@pytest.mark.parametrize(
    ("locked", "mode", "has_month"),
    [
        ("amocrm_events", "share", False),
        ("amocrm_events", "access exclusive", True),
        ("amocrm_leads", "share", True),
    ],
    ids=["while the month is made", "while the day is looked at", "while rows are stored"],
)
def test_a_load_that_is_abandoned_while_the_server_waits_ends_at_once(
    streamed: Make,
    database: Database,
    tenant: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    locked: str,
    mode: str,
    has_month: bool,
) -> None:
    monkeypatch.setattr(streamed_load, "_WORTH_STORING", 1)
    if has_month:
        with database.tenant_transaction(tenant.tenant_id) as connection:
            ensure_month(connection, DAY)
    loading = streamed()
    with as_owner(database) as connection:
        connection.execute(f"lock table raw.{locked} in {mode} mode".encode())
        put(loading, {"amocrm_leads": [lead(1)]})
        await_that(lambda: waits_for_a_row(database), "the server waits for the lock")
        loading.close()
        assert not waits_for_a_row(database)
    assert stored(database) == []


def test_an_abandoned_load_leaves_no_transaction_open(
    streamed: Make, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed_load, "_WORTH_STORING", 1)
    loading, begun = streamed(), threading.Event()

    def make() -> dict[str, list[Row]]:
        begun.set()
        return PAGES[0]

    loading.put(make)
    assert begun.wait(10)
    loading.close()
    with as_owner(database) as connection:
        open_ones = connection.execute(
            "select pid from pg_stat_activity where datname = current_database() "
            "and xact_start is not null and pid <> pg_backend_pid()"
        ).fetchall()
    assert open_ones == []


def test_a_feed_tells_how_much_of_the_day_was_stored_before(
    streamed: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed_load, "_WORTH_STORING", 1)
    finish(streamed(), {"amocrm_events": [event(number) for number in range(7)]})
    loading = streamed()
    put(loading, PAGES[0])
    with loading.transaction():
        assert (loading.stored_before(EVENTS), loading.count(EVENTS)) == (7, 2)
