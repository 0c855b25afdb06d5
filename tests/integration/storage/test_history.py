"""Leads and contacts as of a day's end: the same whenever asked, whatever was read in between."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from synkro_assets.domain.tenant import Tenant
from synkro_assets.storage.database import Database
from tests.databases import as_owner
from tests.integration.storage.company import STAGES, Company
from tests.integration.storage.histories import (
    Answer,
    Owner,
    contacts_as_of,
    forget_history,
    leads_as_of,
    read_day,
    stored_history,
    window,
)

Step = tuple[int, str, int]
"""Seconds that pass, what happens, and to which lead, contact or day: the first or the second."""

LEAD_CHANGES = ("move", "trash", "link", "edit", "silent")
CONTACT_CHANGES = ("phone", "quiet phone", "gone")
# A sight within ten seconds of its change may be replaced (macros/as_of.sql).
SETTLED = timedelta(seconds=10)

steps = st.lists(
    st.tuples(
        st.sampled_from([0, 60, 90_000]),
        st.sampled_from([*LEAD_CHANGES, *CONTACT_CHANGES, *["read"] * 4]),
        st.integers(0, 1),
    ),
    min_size=6,
    max_size=14,
)


class Telling:
    """A story that is told step by step, and what was answered on the way."""

    def __init__(self, database: Database, owner: Owner, tenant: Tenant) -> None:
        self.database, self.owner, self.tenant = database, owner, tenant
        self.company = Company()
        self.leads: dict[tuple[int, int], Answer] = {}
        self.contacts: dict[tuple[int, int], Answer] = {}
        self.stored: set[tuple[Any, ...]] = set()
        self.read_days: set[int] = set()
        forget_history(owner)

    def tell(self, pause: int, what: str, which: int) -> None:
        self.company.now += timedelta(seconds=pause)
        if what in LEAD_CHANGES:
            self.company.change_lead(1 + which, what)
        elif what in CONTACT_CHANGES:
            self.company.change_contact(7 + which, "silent" if "quiet" in what else what)
        else:
            self._read(which)

    def _read(self, day: int) -> None:
        read_day(self.database, self.tenant, self.company, day)
        self.read_days.add(day)
        stored = stored_history(self.owner, self.tenant)
        assert self.stored <= stored
        self.stored = stored
        leads = {each: leads_as_of(self.owner, self.tenant, each) for each in (0, 1)}
        contacts = {each: contacts_as_of(self.owner, self.tenant, each) for each in (0, 1)}
        for (on, lead_id), answer in self.leads.items():
            assert_still(answer, leads[on][lead_id])
        for (on, contact_id), answer in self.contacts.items():
            assert_still(answer, contacts[on][contact_id])
        if self.company.now < window(day).end + SETTLED:
            return
        for lead_id in self._touched(day):
            self._assert_true(day, lead_id, leads[day][lead_id])
            self.leads[day, lead_id] = leads[day][lead_id]
            linked = self.company.leads[lead_id]["contacts"]
            for contact_id in linked if not self.company.leads[lead_id]["is_deleted"] else []:
                if not self.company.contacts[contact_id]["is_gone"]:
                    self.contacts[day, contact_id] = contacts[day][contact_id]

    def _touched(self, day: int) -> set[int]:
        edges = window(day)
        return {each["entity_id"] for each in self.company.events(edges.start, edges.end, ())}

    def _assert_true(self, day: int, lead_id: int, shown: Answer) -> None:
        """Existence always; the stage where a version or a change of it is from before the end."""
        end = window(day).end
        truth = self.company.lead_at(lead_id, end)
        assert truth is not None
        assert shown["is_deleted"] == truth["is_deleted"]
        moved = [
            event
            for read in self.read_days
            for event in self.company.events(window(read).start, min(window(read).end, end), ())
            if event["entity_id"] == lead_id and event["type"] == "lead_status_changed"
        ]
        if moved or (shown["updated_at"] and shown["updated_at"] < end):
            assert shown["amocrm_status_id"] == STAGES[truth["stage"]]


def assert_still(before: Answer, now: Answer) -> None:
    """What was known is as it was; what was not may have become known."""
    if before["updated_at"] is None:
        assert before["is_deleted"] == now["is_deleted"]
    else:
        assert now == before


@settings(max_examples=30, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(steps)
@example([(0, "move", 0), (90_000, "read", 0), (60, "silent", 0), (60, "read", 0)])
@example([(0, "move", 0), (60, "trash", 0), (90_000, "trash", 0), (90_000, "read", 0)])
@example([(0, "move", 0), (90_000, "move", 0), (90_000, "read", 0), (0, "read", 1)])
@example([(0, "link", 0), (90_000, "read", 0), (60, "gone", 0), (60, "read", 0), (60, "gone", 0),
          (60, "phone", 0), (60, "read", 0)])  # fmt: skip
def test_a_day_once_read_shows_its_leads_and_contacts_as_it_did(
    database: Database, tenant: Tenant, story: list[Step]
) -> None:
    with as_owner(database) as owner:
        owner.autocommit = True
        telling = Telling(database, owner, tenant)
        for step in story:
            telling.tell(*step)


def test_the_second_change_of_a_second_replaces_the_first(
    database: Database, tenant: Tenant
) -> None:
    company = Company()
    company.change_lead(1, "move")
    read_day(database, tenant, company, 0)
    company.change_lead(1, "link")
    company.now += timedelta(days=1, minutes=9)
    read_day(database, tenant, company, 0)
    with as_owner(database) as owner:
        shown = leads_as_of(owner, tenant, 0)[1]
        stored = owner.execute("select count(*) as leads from raw.amocrm_leads").fetchone()
    assert shown["lead_name"] == "Lead 2"
    assert [each["id"] for each in shown["contact_links"]] == [7]
    assert stored == {"leads": 2}


def test_a_lead_is_there_until_it_is_deleted_and_again_once_restored(
    database: Database, tenant: Tenant
) -> None:
    company = Company()
    for day in range(3):
        company.change_lead(1, "trash" if day else "move")
        company.now += timedelta(days=1)
        read_day(database, tenant, company, day)
    with as_owner(database) as owner:
        shown = [leads_as_of(owner, tenant, day)[1] for day in range(3)]
    assert [each["is_deleted"] for each in shown] == [False, True, False]
    assert [each["lead_name"] for each in shown] == ["Lead 1", "Lead 1", "Lead 3"]


def test_days_read_after_a_lead_came_back_still_know_when_it_was_in_the_trash(
    database: Database, tenant: Tenant
) -> None:
    company = Company()
    for day in range(3):
        company.change_lead(1, "trash" if day else "move")
        company.now += timedelta(days=1)
    for day in (2, 0, 1):
        read_day(database, tenant, company, day)
    with as_owner(database) as owner:
        shown = [leads_as_of(owner, tenant, day)[1] for day in range(3)]
    assert [each["is_deleted"] for each in shown] == [False, True, False]


def test_a_day_read_late_shows_the_stage_of_its_end(database: Database, tenant: Tenant) -> None:
    company = Company()
    for _ in range(3):
        company.change_lead(1, "move")
        company.now += timedelta(days=1)
    for day in (1, 0):
        read_day(database, tenant, company, day)
    with as_owner(database) as owner:
        shown = [leads_as_of(owner, tenant, day)[1]["amocrm_status_id"] for day in range(2)]
    assert shown == [STAGES[1], STAGES[2]]


def test_a_contact_that_is_gone_keeps_its_earlier_days(database: Database, tenant: Tenant) -> None:
    company = Company()
    for day in range(3):
        company.change_lead(1, "move" if day else "link")
        company.change_contact(7, "gone" if day else "phone")
        company.now += timedelta(days=1)
        read_day(database, tenant, company, day)
    company.now += timedelta(days=1)
    with as_owner(database) as owner:
        shown = [contacts_as_of(owner, tenant, day)[7] for day in range(4)]
    # It went on day 1 and was noticed when that was read, on day 2; likewise it came back.
    assert [each["is_deleted"] for each in shown] == [False, False, True, False]
    assert {len(each["phones"]) for each in shown} == {2}
