"""The made-up world: the same every time, and plausible."""

import ast
import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synkro_assets import simulators
from synkro_assets.simulators.log import busiest_second, masked_query
from synkro_assets.simulators.world.company import company
from synkro_assets.simulators.world.day import BadOrder, DayOrder, make_day
from synkro_assets.simulators.world.messenger import MessengerDay
from synkro_assets.simulators.world.model import Conversation, Day, Line
from synkro_assets.simulators.world.truth import truth

START = datetime(2026, 3, 4, 19, 1, tzinfo=UTC)
END = START + timedelta(days=1)


def day(tenant: str = "acme", seed: int = 1, **changes: object) -> dict:
    order = DayOrder(tenant, "2026-03-05", START, END, seed=seed, **changes)
    known = company(seed, tenant, order.language, order.region, order.timezone)
    return truth(known, make_day(order, known))


def test_the_same_seed_tenant_and_day_give_the_same_world() -> None:
    assert day() == day()
    assert day()["dialogs"] != day(seed=2)["dialogs"]
    assert day()["dialogs"] != day(tenant="beta")["dialogs"]


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("region", ["RU", "US", "GB", "KZ", "BY"])
def test_written_phones_mean_the_numbers_the_truth_names(language: str, region: str) -> None:
    for contact in day(language=language, region=region, dialogs=60)["contacts"]:
        for phone in contact["phones"]:
            first = phone["value"].split(",")[0]
            parsed = phonenumbers.parse(first, region)
            e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
            assert phonenumbers.is_valid_number(parsed), phone
            assert e164 == phone["e164"][0], phone


def test_most_dialogs_lead_to_a_responsible_manager_and_some_do_not() -> None:
    rows = day(dialogs=100)["dialogs"]
    known = [row for row in rows if row["lead_ids"]]
    assert 50 <= len(known) < len(rows)
    managers = {row["id"] for row in day()["managers"]}
    assert all(row["responsible_user_id"] in managers for row in known)
    assert any(row["messages"][-1]["direction"] == "inbound" for row in rows if row["messages"])
    assert any(row["phone_e164"] is None and not row["is_group"] for row in rows)


def test_leads_change_only_by_events() -> None:
    known = day(dialogs=100)
    stage: dict[int, int] = {}
    for event in sorted(known["events"], key=lambda e: e["created_at"]):
        if event["type"] == "lead_added":
            stage[event["entity_id"]] = event["after"]["id"]
        if event["type"] == "lead_status_changed":
            assert stage[event["entity_id"]] == event["before"]["id"]
            stage[event["entity_id"]] = event["after"]["id"]
    assert stage == {lead["id"]: lead["status_id"] for lead in known["leads"]}
    assert all(
        (lead["status_id"] == 143) == bool(lead["loss_reason_id"]) for lead in known["leads"]
    )


LINES = st.lists(
    st.tuples(
        st.sampled_from(["client", "agent"]),
        st.none() | st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1)),
    ),
    min_size=1,
    max_size=120,
)


@settings(max_examples=150, deadline=None)
@given(rows=LINES, hours=st.integers(1, 25), key=st.text("abc", min_size=1))
def test_a_conversation_of_a_file_lands_inside_the_window_in_order(
    rows: list, hours: int, key: str
) -> None:
    window = Day("2026-03-05", START, START + timedelta(hours=hours))
    lines = [
        Line(role, str(n), at=at and at.replace(tzinfo=UTC)) for n, (role, at) in enumerate(rows)
    ]
    known = company(1, "acme", "ru", "RU", "Europe/Moscow")
    person = MessengerDay(1, known, window, True).person(0, Conversation(key, lines, "ru"))
    messages = person.chats[0].messages
    assert [m.text for m in messages] == [line.text for line in lines]
    moments = [m.created_at for m in messages]
    assert all(a < b for a, b in itertools.pairwise(moments))
    assert window.window_start <= moments[0]
    assert moments[-1] < window.window_end


def test_given_times_keep_their_gaps_and_their_clock_time() -> None:
    first = datetime(2025, 12, 28, 10, 0, tzinfo=UTC)
    lines = [Line("client", "a", at=first), Line("agent", "b", at=first + timedelta(seconds=40))]
    known = company(1, "acme", "ru", "RU", "Europe/Moscow")
    window = Day("2026-03-05", START, END)
    person = MessengerDay(1, known, window, True).person(0, Conversation("k", lines, "ru"))
    moments = [m.created_at for m in person.chats[0].messages]
    assert moments[0] == datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
    assert moments[1] - moments[0] == timedelta(seconds=40)


@pytest.mark.parametrize(
    "changes",
    [{"timezone": "Mars/Olympus"}, {"language": "de"}, {"day": "soon"}, {"window_end": START}],
)
def test_an_impossible_order_is_refused(changes: dict) -> None:
    order = DayOrder("acme", "2026-03-05", START, END)
    order.check()
    with pytest.raises(BadOrder):
        replace(order, **changes).check()


def test_the_busiest_second_slides() -> None:
    assert busiest_second([0.0, 0.6, 1.1, 1.5]) == 3
    assert busiest_second([0.0, 1.0]) == 1
    assert busiest_second([]) == 0


def test_secrets_in_a_query_are_masked() -> None:
    assert masked_query("key=abc&page=2&refresh_token=x") == "key=***&page=2&refresh_token=***"


def test_the_simulators_import_nothing_else_of_the_project_and_stay_small() -> None:
    root = Path(simulators.__file__).parent
    for path in root.rglob("*.py"):
        text = path.read_text("utf-8")
        tree = ast.parse(text)
        assert ast.get_docstring(tree), path
        assert len(text.splitlines()) <= 300, path
        depth = len(path.relative_to(root).parts)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno - node.lineno < 40, f"{path}: {node.name}"
            if isinstance(node, ast.ImportFrom):
                assert node.level <= depth, path
                module = node.module or ""
                is_own = module.startswith("synkro_assets.simulators")
                assert is_own or not module.startswith("synkro_assets"), path
