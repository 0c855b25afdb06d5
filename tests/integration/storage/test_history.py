"""Leads as of a day's end: the same whenever they are asked for, whatever was read in between."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import jinja2
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from synkro_assets.domain.business_day import Window
from synkro_assets.domain.tenant import Tenant
from synkro_assets.ingestion.amocrm import fetch_day, raw_rows
from synkro_assets.settings import PROJECT_ROOT
from synkro_assets.storage.database import Database
from synkro_assets.storage.raw_rows import RAW_TABLES, Load, ensure_month, load_rows
from tests.databases import as_owner

START = datetime(2026, 3, 3, tzinfo=UTC)
Row = dict[str, Any]
FIELDS = ("lead_name", "price_amount", "updated_at", "contact_links")


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


class Company:
    """An amoCRM of a few leads that change while days are read."""

    asked = 0

    def __init__(self) -> None:
        self.now, self.leads, self.history = START, dict[int, Row](), list[Row]()

    def change(self, lead_id: int, what: str) -> None:
        """Silent changes leave updated_at as it is; all others are at the current second."""
        fresh = {"id": lead_id, "price": 0, "is_deleted": False, "contacts": []}
        lead = self.leads.setdefault(lead_id, {**fresh, "created_at": _seconds(self.now)})
        lead["price"] += 1
        if what == "trash":
            lead["is_deleted"] = not lead["is_deleted"]
        if what == "contact":
            lead["contacts"] = [7] if lead["contacts"] == [8] else [8]
        if what != "silent" or "updated_at" not in lead:
            lead["updated_at"] = _seconds(self.now)
            kind = "lead_deleted" if lead["is_deleted"] else "lead_status_changed"
            about = {"type": kind, "entity_type": "lead", "entity_id": lead_id}
            happened = {"id": f"e{len(self.history)}", "created_at": _seconds(self.now)}
            self.history.append({**about, **happened})

    def _shown(self, lead: Row) -> Row:
        links = [{"id": each, "is_main": True} for each in lead["contacts"]]
        return {**lead, "name": f"Lead {lead['price']}", "_embedded": {"contacts": links}}

    def account(self) -> Row:
        return {"id": 1}

    def users(self) -> list[Row]:
        return []

    pipelines = loss_reasons = users

    def events(self, start: datetime, end: datetime, types: tuple[str, ...]) -> Iterable[Row]:
        edges = (_seconds(start), _seconds(end))
        return [each for each in self.history if edges[0] <= each["created_at"] < edges[1]]

    def _updated(self, start: datetime, end: datetime, *, is_deleted: bool) -> list[Row]:
        return [
            self._shown(lead)
            for lead in self.leads.values()
            if lead["is_deleted"] == is_deleted
            and _seconds(start) <= lead["updated_at"] < _seconds(end)
        ]

    def leads_updated(self, start: datetime, end: datetime) -> Iterable[Row]:
        return self._updated(start, end, is_deleted=False)

    def deleted_leads(self, start: datetime, end: datetime) -> Iterable[Row]:
        return self._updated(start, end, is_deleted=True)

    def leads_by_id(self, ids: Iterable[int]) -> Iterable[Row]:
        found = [self.leads[each] for each in ids]
        return [self._shown(lead) for lead in found if not lead["is_deleted"]]

    def contacts_by_id(self, ids: Iterable[int]) -> Iterable[Row]:
        return []


def window(day: int) -> Window:
    return Window(START + timedelta(days=day), START + timedelta(days=day + 1))


def read_day(database: Database, tenant: Tenant, company: Company, day: int) -> None:
    rows = raw_rows(fetch_day(company, window(day)), "RU")
    load = Load(tenant.tenant_id, date(2026, 3, 3 + day), company.now, "run")
    with database.tenant_transaction(tenant.tenant_id) as connection:
        ensure_month(connection, load.business_day)
        for name, table in RAW_TABLES.items():
            if name in rows:
                load_rows(connection, table, load, rows[name])


def _macros() -> Any:
    source = (PROJECT_ROOT / "dbt_project/macros/as_of.sql").read_text()
    environment = jinja2.Environment(autoescape=False)
    return environment.from_string(source, {"ref": lambda name: f"staging.{name}"}).module


MACROS = _macros()


def as_of(database: Database, tenant: Tenant, day: int) -> dict[int, Any]:
    """Each lead as the transforms show it at a day's end, in the transforms' own words."""
    at, key = f"'{window(day).end.isoformat()}'::timestamptz", f"'{tenant.tenant_id}'::uuid"
    found = {}
    with as_owner(database) as connection:
        for lead_id in (1, 2):
            lead = connection.execute(MACROS.lead_as_of(key, lead_id, at)).fetchone()
            gone = connection.execute(
                f"select {MACROS.lead_deleted_as_of(key, lead_id, at)} as gone"
            ).fetchone()
            shown = [lead[name] for name in FIELDS] if lead else None
            found[lead_id] = (shown, gone and gone["gone"])
    return found


def versions(database: Database, tenant: Tenant) -> set[tuple[Any, ...]]:
    with as_owner(database) as connection:
        rows = connection.execute(
            "select amocrm_lead_id, updated_at, is_deleted, payload::text from raw.amocrm_leads "
            "where tenant_id = %s", [tenant.tenant_id],
        )  # fmt: skip
        return {tuple(row.values()) for row in rows}


steps = st.lists(
    st.tuples(
        st.sampled_from([0, 60, 90_000]),
        st.sampled_from([1, 2]),
        st.sampled_from(["move", "trash", "contact", "silent", "read", "read"]),
        st.integers(0, 1),
    ),
    min_size=6,
    max_size=18,
)


@settings(max_examples=15, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(steps)
@example([(0, 1, "move", 0), (90_000, 1, "read", 0), (60, 1, "silent", 0), (60, 1, "read", 0)])
def test_a_day_once_read_shows_its_leads_as_it_did(
    database: Database, tenant: Tenant, story: list[tuple[int, int, str, int]]
) -> None:
    with as_owner(database) as connection:
        connection.execute("delete from raw.amocrm_leads")
    company, answers, stored = Company(), dict[tuple[int, int], Any](), set[tuple[Any, ...]]()
    for pause, lead_id, what, day in story:
        company.now += timedelta(seconds=pause)
        if what != "read":
            company.change(lead_id, what)
            continue
        read_day(database, tenant, company, day)
        now_stored = versions(database, tenant)
        assert stored <= now_stored
        stored = now_stored
        touched = {each["entity_id"] for each in company.events(*_edges(day), ())}
        if company.now >= window(day).end + timedelta(seconds=10):
            shown = as_of(database, tenant, day)
            answers |= {(day, each): shown[each] for each in touched if (day, each) not in answers}
        for (answered, each), answer in answers.items():
            assert as_of(database, tenant, answered)[each] == answer


def _edges(day: int) -> tuple[datetime, datetime]:
    return window(day).start, window(day).end


def test_the_second_change_of_a_second_replaces_the_first(
    database: Database, tenant: Tenant
) -> None:
    company = Company()
    company.change(1, "move")
    read_day(database, tenant, company, 0)
    company.change(1, "contact")
    company.now += timedelta(days=1, minutes=9)
    read_day(database, tenant, company, 0)
    shown, _ = as_of(database, tenant, 0)[1]
    assert shown[0] == "Lead 2"
    assert [each["id"] for each in shown[3]] == [8]
    assert len(versions(database, tenant)) == 2


def test_a_lead_is_there_until_it_is_deleted_and_again_once_restored(
    database: Database, tenant: Tenant
) -> None:
    company = Company()
    for day in range(3):
        company.change(1, "trash" if day else "move")
        company.now += timedelta(days=1)
        read_day(database, tenant, company, day)
    assert [as_of(database, tenant, day)[1][1] for day in range(3)] == [False, True, False]
    assert [as_of(database, tenant, day)[1][0][0] for day in range(3)] == [
        "Lead 1", "Lead 1", "Lead 3",
    ]  # fmt: skip
