"""Loading raw rows: a rerun leaves what was there, a day is replaced, versions are kept."""

import json
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from synkro_assets.domain.tenant import Tenant
from synkro_assets.storage.database import Database
from synkro_assets.storage.raw_loading import load_rows
from synkro_assets.storage.raw_rows import COLUMNS, RAW_TABLES, Load, ensure_month
from tests.databases import as_owner
from tests.integration.storage.conftest import DAY, NEXT_DAY

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
LEADS, MESSAGES, USERS = (
    RAW_TABLES[name] for name in ("amocrm_leads", "radist_messages", "amocrm_users")
)
# Not loaded as a source's rows are: each is written by a module of its own.
KEPT_OTHERWISE = ("quarantined_records", "amocrm_phone_lookups", "radist_unfinished_messages")
Row = tuple[Any, ...]


class Loader:
    """Loads rows of one tenant; each load is another run, a minute later."""

    def __init__(self, database: Database) -> None:
        self._database, self._loads = database, 0

    def load(
        self,
        tenant: Tenant,
        table: str,
        rows: Sequence[Row],
        day: date = DAY,
        chats: Sequence[int] | None = None,
    ) -> int:
        self._loads += 1
        fetched_at = NOON + timedelta(minutes=self._loads)
        load = Load(tenant.tenant_id, day, fetched_at, f"run {self._loads}", chats)
        with self._database.tenant_transaction(tenant.tenant_id) as connection:
            ensure_month(connection, day)
            return load_rows(connection, RAW_TABLES[table], load, rows)

    def rows(self, table: str, *hidden: str) -> list[str]:
        with as_owner(self._database) as connection:
            found = connection.execute(
                f"select (to_jsonb(stored) - %s::text[])::text as row from raw.{table} as stored "
                "order by 1",
                [list(hidden)],
            )
            return [each["row"] for each in found]


@pytest.fixture
def loader(database: Database) -> Loader:
    return Loader(database)


def message(number: int, text: str = "Здравствуйте") -> Row:
    at = NOON + timedelta(minutes=number)
    return (f"m{number}", 7, "inbound", at, {"text": text, "n": number})


def event(number: int, lead_id: int = 1) -> Row:
    at = NOON + timedelta(minutes=number)
    return (f"e{number}", "lead_added", "lead", lead_id, at, {"id": f"e{number}"})


def lead(number: int, version: int = 0, price: int = 100, *, is_deleted: bool = False) -> Row:
    return (number, NOON + timedelta(hours=version), is_deleted, {"id": number, "price": price})


def test_a_chat_read_again_holds_the_same_rows(loader: Loader, tenant: Tenant) -> None:
    assert loader.load(tenant, "radist_messages", [message(1), message(2)], chats=[7]) == 2
    before = loader.rows("radist_messages", "fetched_at", "run_id")
    loader.load(tenant, "radist_messages", [message(2), message(1)], chats=[7])
    assert loader.rows("radist_messages", "fetched_at", "run_id") == before
    assert all('"run 2"' in row for row in loader.rows("radist_messages"))


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("amocrm_leads", [lead(1), lead(2, is_deleted=True)]),
        ("amocrm_events", [event(1), event(2)]),
        ("amocrm_users", [(5, {"id": 5, "name": "Анна"})]),
        ("amocrm_contacts", [(9, NOON, ["+79161112233"], {"id": 9})]),
        ("amocrm_lead_contacts", [(1, 9, True, {"id": 9})]),
    ],
)
def test_what_did_not_change_stays_byte_for_byte(
    loader: Loader, tenant: Tenant, table: str, rows: list[Row]
) -> None:
    loader.load(tenant, table, rows)
    before = loader.rows(table)
    loader.load(tenant, table, rows)
    assert loader.rows(table) == before


def test_an_event_that_is_not_shown_again_stays(loader: Loader, tenant: Tenant) -> None:
    loader.load(tenant, "amocrm_events", [event(1), event(2)])
    assert loader.load(tenant, "amocrm_events", [event(2, lead_id=5), event(3)]) == 2
    found = loader.rows("amocrm_events", "fetched_at")
    assert [row.count('"entity_id": 5') for row in found] == [0, 1, 0]
    assert len(found) == 3


def test_a_chat_that_is_not_read_again_stays(loader: Loader, tenant: Tenant) -> None:
    loader.load(tenant, "radist_messages", [message(1)], chats=[7])
    assert loader.load(tenant, "radist_messages", [], chats=[8]) == 0
    assert len(loader.rows("radist_messages")) == 1
    loader.load(tenant, "radist_messages", [], chats=[7])
    assert loader.rows("radist_messages") == []


def test_a_new_version_is_added_and_the_old_one_kept(loader: Loader, tenant: Tenant) -> None:
    loader.load(tenant, "amocrm_leads", [lead(1)])
    loader.load(tenant, "amocrm_leads", [lead(1), lead(1, version=1, price=200)], NEXT_DAY)
    found = loader.rows("amocrm_leads")
    assert len(found) == 2
    assert '"run_id": "run 1"' in found[0]
    assert '"run_id": "run 2"' in found[1]


def test_no_version_is_lost_when_it_is_not_answered_again(loader: Loader, tenant: Tenant) -> None:
    loader.load(tenant, "amocrm_leads", [lead(1)])
    loader.load(tenant, "amocrm_leads", [])
    assert len(loader.rows("amocrm_leads")) == 1


def test_a_reference_keeps_the_latest_state(loader: Loader, tenant: Tenant) -> None:
    loader.load(tenant, "amocrm_users", [(5, {"name": "Анна"})])
    loader.load(tenant, "amocrm_users", [(5, {"name": "Анна Белова"}), (6, {"name": "Пётр"})])
    found = loader.rows("amocrm_users")
    assert len(found) == 2
    assert "Анна Белова" in found[0]


def test_rows_that_repeat_a_key_are_one_row_the_last(loader: Loader, tenant: Tenant) -> None:
    loader.load(tenant, "radist_messages", [message(1, "first"), message(1, "last")])
    (row,) = loader.rows("radist_messages")
    assert '"last"' in row


def test_other_days_and_tenants_are_not_touched(
    loader: Loader, tenant: Tenant, neighbour: Tenant
) -> None:
    loader.load(neighbour, "radist_messages", [message(1)])
    loader.load(tenant, "radist_messages", [message(2)], NEXT_DAY)
    before = loader.rows("radist_messages")
    loader.load(tenant, "radist_messages", [message(3)], chats=[7])
    loader.load(tenant, "radist_messages", [], chats=[7])
    assert loader.rows("radist_messages") == before


def test_odd_texts_arrive_as_they_are(loader: Loader, tenant: Tenant, database: Database) -> None:
    text = 'tab\t newline\n back\\slash "quotes" \\N 😀 {"a": null}'
    loader.load(tenant, "radist_messages", [message(1, text)])
    with as_owner(database) as connection:
        row = connection.execute(
            "select payload ->> 'text' as text from raw.radist_messages"
        ).fetchone()
    assert row == {"text": text}


def test_the_catalogue_of_columns_is_that_of_the_database(database: Database) -> None:
    with as_owner(database) as connection:
        rows = connection.execute(
            "select relname, attname, format_type(atttypid, atttypmod) as type "
            "from pg_attribute join pg_class on pg_class.oid = attrelid "
            "where relnamespace = 'raw'::regnamespace and relkind in ('r', 'p') "
            "and not relispartition and attnum > 0 and not attisdropped "
            "and relname <> all(%s)",
            [list(KEPT_OTHERWISE)],
        ).fetchall()
    stored = {(row["relname"], row["attname"]): row["type"] for row in rows}
    assert stored == {
        (table.name, name): COLUMNS[name].type
        for table in RAW_TABLES.values()
        for name in table.stored_columns
    }


def test_a_month_can_be_made_by_many_at_once(database: Database) -> None:
    problems: list[Exception] = []
    start = threading.Barrier(6)

    def make() -> None:
        try:
            with as_owner(database) as connection:
                start.wait(timeout=10)
                ensure_month(connection, date(2027, 2, 14))
        except Exception as problem:
            problems.append(problem)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    with as_owner(database) as connection:
        made = connection.execute(
            "select relname from pg_class where relispartition and relkind = 'r' "
            "and relname like '%2027_02' order by 1"
        ).fetchall()
    assert [row["relname"] for row in made] == [
        "amocrm_events_2027_02",
        "radist_messages_2027_02",
    ]


ROW_OF_EACH: dict[str, Row] = {
    "amocrm_accounts": (1, {"id": 1}),
    "amocrm_users": (5, {"id": 5}),
    "amocrm_pipelines": (6, {"id": 6}),
    "amocrm_loss_reasons": (7, {"id": 7}),
    "amocrm_events": ("e1", "lead_added", "lead", 1, NOON, {"id": "e1"}),
    "amocrm_leads": lead(1),
    "amocrm_contacts": (9, NOON, ["+79161112233"], {"id": 9}),
    "amocrm_contact_channels": (9, NOON, "phone", 0, "8 916 111-22-33", None, None, {}),
    "amocrm_contact_sightings": (9, False, {}),
    "amocrm_lead_contacts": (1, 9, True, {"id": 9}),
    "radist_chats": (7, 8, 501, None, {"chat_id": 7}),
    "radist_messages": message(1),
}


def load_all(database: Database, tenant: Tenant) -> None:
    """A row of every table, in one load: a part belongs to what its own load has stored."""
    load = Load(tenant.tenant_id, DAY, NOON, "run")
    with database.tenant_transaction(tenant.tenant_id) as connection:
        ensure_month(connection, DAY)
        for name, table in RAW_TABLES.items():
            load_rows(connection, table, load, [ROW_OF_EACH[name]])


def test_a_tenant_that_is_deleted_leaves_no_raw_rows(
    loader: Loader, database: Database, tenant: Tenant, neighbour: Tenant
) -> None:
    for each in (tenant, neighbour):
        load_all(database, each)
    with database.console_transaction() as connection:
        connection.execute("delete from app.tenants where tenant_id = %s", [tenant.tenant_id])
    left = {name: loader.rows(name) for name in RAW_TABLES}
    assert {name: len(rows) for name, rows in left.items()} == dict.fromkeys(RAW_TABLES, 1)
    assert all(str(neighbour.tenant_id) in row for (row,) in left.values())


# Feeds are not asked, and a part goes with what it is a part of.
UNASKED = ("amocrm_events", "radist_messages", "amocrm_contact_channels")


@pytest.mark.parametrize("table", [name for name in RAW_TABLES if name not in UNASKED])
def test_rows_of_no_tenant_are_refused(database: Database, table: str) -> None:
    nobody = UUID(int=7)
    load = Load(nobody, DAY, NOON, "run")
    with (
        pytest.raises(psycopg.errors.ForeignKeyViolation),
        database.tenant_transaction(nobody) as connection,
    ):
        load_rows(connection, RAW_TABLES[table], load, [ROW_OF_EACH[table]])


def test_a_first_load_stores_what_a_later_one_would(
    loader: Loader, database: Database, tenant: Tenant, neighbour: Tenant
) -> None:
    loader.load(neighbour, "amocrm_leads", [lead(100)])
    loader.load(neighbour, "amocrm_contacts", [(100, NOON, [], {"id": 100})])
    for each in (tenant, neighbour):
        load_all(database, each)
    for name in ("amocrm_leads", "amocrm_contacts", "amocrm_contact_channels"):
        rows = [json.loads(row) for row in loader.rows(name, "run_id")]
        stored = [
            {key: value for key, value in row.items() if key != "tenant_id"}
            for row in rows
            if '"id": 100' not in json.dumps(row["payload"])
        ]
        assert len(stored) == 2
        assert stored[0] == stored[1]


def test_numbers_are_stored_whole_however_long_they_are(loader: Loader, tenant: Tenant) -> None:
    numbers = {"long": 2**70, "longer": -(10**40), "usual": 2**63}
    loader.load(tenant, "amocrm_leads", [(1, NOON, False, numbers)])
    (row,) = loader.rows("amocrm_leads")
    assert json.loads(row)["payload"] == numbers


def test_a_load_of_the_same_moment_takes_the_place_of_the_one_before(
    database: Database, tenant: Tenant
) -> None:
    for price in (1, 2):
        load = Load(tenant.tenant_id, DAY, NOON, f"run {price}")
        with database.tenant_transaction(tenant.tenant_id) as connection:
            load_rows(connection, LEADS, load, [(1, NOON, False, {"price": price})])
    with as_owner(database) as connection:
        (row,) = connection.execute("select payload from raw.amocrm_leads").fetchall()
    assert row["payload"] == {"price": 2}
