"""Poison at the edges of pages costs no sound row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from synkro_assets.domain.errors import IncompleteFetch
from synkro_assets.providers import amocrm, radist

START = datetime(2026, 3, 5, tzinfo=UTC)
END = START + timedelta(days=1)
FIRST = int(START.timestamp())
BASE = "https://acme.amocrm.ru"
LIMIT = 100


@pytest.fixture
def aside():
    return []


@pytest.fixture
def crm(surroundings, aside):
    def connect(*pages):
        answers = list(pages)

        def handler(request):
            rows, following = answers.pop(0)
            links = {"next": {"href": f"{BASE}/api/v4/{following}"}} if following else {}
            return httpx.Response(200, json={"_links": links, "_embedded": {"leads": rows}})

        transport = httpx.MockTransport(handler)
        return amocrm.client(
            {"base_url": BASE},
            {"long_lived_token": "token-value"},
            transport=transport,
            set_aside=aside.append,
            **surroundings.given(),
        )

    return connect


def lead(number, **changes):
    return {"id": number, "updated_at": FIRST + (number or 0), **changes}


def test_a_poison_lead_in_the_last_place_of_a_page_costs_no_other(crm, aside):
    client = crm(
        ([lead(1), lead(2), lead(3, updated_at=None)], "leads?page=2"),
        ([lead(2), lead(3, updated_at=None), lead(4)], None),
    )
    assert [row["id"] for row in client.leads_updated(START, END)] == [1, 2, 4]
    assert {(each.provider_id, each.reason) for each in aside} == {
        ("3", "updated_at is missing or null")
    }


def test_a_page_of_nothing_but_poison_is_passed(crm, aside):
    behind = (
        ([lead(None), lead(3, updated_at=5)], "leads?page=3"),
        ([None, lead(4, name="a\0")], "leads?page=4"),
        ([lead(5)], None),
    )
    # Nothing of the first page behind can be read on from: its links are followed, and again until
    # two readings agree.
    client = crm(([lead(1)], "leads?page=2"), *behind, *behind)
    assert [row["id"] for row in client.leads_updated(START, END)] == [1, 5]
    assert len(aside) == 2 * 4


def test_poison_that_was_not_asked_for_is_not_told_of(crm, aside):
    client = crm(([lead(1), lead(200_000, name="\0")], None))
    assert [row["id"] for row in client.leads_updated(START, END)] == [1]
    assert aside == []


def test_a_page_none_of_whose_leads_has_an_id_is_an_error(crm):
    with pytest.raises(IncompleteFetch, match="amoCRM answered 10 leads none of which can be read"):
        list(crm(([lead(None)] * 10, None)).leads_updated(START, END))


def feed(rows):
    """At most a page of messages up to ``until``, newest first; undated ones stay in place."""

    def handler(request):
        until = radist.parse_time(request.url.params["until"])
        newest_first = rows[::-1]
        begin = next(
            (i for i, row in enumerate(newest_first) if row["place"] < until.isoformat()),
            len(rows),
        )
        page = newest_first[begin : begin + LIMIT]
        return httpx.Response(
            200, json=[{k: v for k, v in row.items() if k != "place"} for row in page]
        )

    return handler


def message(number):
    at = (START + timedelta(seconds=number)).isoformat()
    return {"message_id": f"m{number}", "created_at": at, "place": at}


@pytest.fixture
def chat(surroundings, aside):
    def read(rows):
        with radist.client(
            {"base_url": "https://api.radist.online/v2", "company_id": 7},
            {"api_key": "radist-key"},
            transport=httpx.MockTransport(feed(rows)),
            set_aside=aside.append,
            **surroundings.given(),
        ) as client:
            return client.chat_messages(1, START, END, 50)

    return read


@pytest.mark.parametrize(
    "flaw",
    [
        {"created_at": None},
        {"created_at": "0001-01-01T00:00:00Z"},
        {"message_id": None},
        {"message_id": 1.5},
        {"text": "a\0"},
        {"direction": 5},
    ],
    ids=str,
)
@pytest.mark.parametrize("places", [(150,), (149,), (249,), (150, 151), (0,), (249, 150, 50)])
def test_poison_messages_anywhere_cost_no_other_message(chat, aside, places, flaw):
    rows = [{**message(n), **(flaw if n in places else {})} for n in range(250)]
    found = chat(rows)
    expected = [f"m{n}" for n in range(250) if n not in places]
    assert [row["message_id"] for row in found.messages] == expected
    assert found.has_poison
    assert len({str(each.record) for each in aside}) == len(places)


def test_a_whole_page_of_poison_texts_is_read_over(chat, aside):
    rows = [{**message(n), "text": "\0" if 100 <= n < 220 else "hi"} for n in range(250)]
    found = chat(rows)
    assert len(found.messages) == 130
    assert len({each.provider_id for each in aside}) == 120


def test_strange_but_legal_texts_come_unchanged(chat, aside):
    texts = ["🦄", "\u202eabc", "a\u200bb", "ж" * 50_000]
    found = chat([{**message(n), "text": {"text": each}} for n, each in enumerate(texts)])
    assert [row["text"]["text"] for row in found.messages] == texts
    assert aside == []
