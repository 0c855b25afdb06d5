"""The amoCRM client asks as API v4 wants to be asked and trusts no filter."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import partial
from itertools import islice

import httpx
import pytest

from synkro_assets.domain.errors import ProviderRefused, ProviderUnavailable, TokenExpired
from synkro_assets.providers import amocrm
from synkro_assets.providers.amocrm.client import AmoCrmClient

BASE = "https://acme.amocrm.ru"
START = datetime(2026, 3, 5, tzinfo=UTC)
END = datetime(2026, 3, 6, tzinfo=UTC)
FIRST, LAST = int(START.timestamp()), int(END.timestamp()) - 1


class Server:
    """Answers from a list and remembers what was asked."""

    def __init__(self, *answers):
        self.answers, self.requests = list(answers), []

    def __call__(self, request):
        self.requests.append(request)
        return self.answers.pop(0) if self.answers else httpx.Response(204)


def page(entity, rows, following=None):
    links = {"next": {"href": following}} if following else {}
    return httpx.Response(200, json={"_links": links, "_embedded": {entity: rows}})


@pytest.fixture
def connect(surroundings):
    def connect(*answers):
        server = Server(*answers)
        public, secrets = {"base_url": BASE}, {"long_lived_token": "token-value"}
        transport = httpx.MockTransport(server)
        return amocrm.client(public, secrets, transport=transport, **surroundings.given()), server

    return connect


def test_events_outside_the_window_or_of_other_types_are_dropped(connect):
    rows = [
        {"id": "a", "type": "lead_added", "entity_id": 1, "created_at": FIRST},
        {"id": "b", "type": "lead_added", "entity_id": 1, "created_at": LAST + 1},
        {"id": "c", "type": "task_added", "entity_id": 1, "created_at": FIRST},
        {"id": "d", "type": "lead_added", "entity_id": 1, "created_at": LAST},
    ]
    client, server = connect(page("events", rows))
    found = client.events(START, END, ["lead_added", "lead_deleted"])
    assert [row["id"] for row in found] == ["a", "d"]
    params = server.requests[0].url.params
    assert params["filter[created_at][from]"] == str(FIRST)
    assert params["filter[created_at][to]"] == str(LAST)
    assert params["filter[type]"] == "lead_added,lead_deleted"
    assert params["limit"] == "100"


def test_pages_are_followed_also_after_a_short_one(connect):
    following = f"{BASE}/api/v4/users?page=2"
    client, server = connect(page("users", [{"id": 1}], following), page("users", [{"id": 2}]))
    assert [row["id"] for row in client.users()] == [1, 2]
    assert str(server.requests[1].url) == following


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example/api/v4/users?page=2",
        "http://acme.amocrm.ru/api/v4/users?page=2",
        "https://acme.amocrm.ru:8443/api/v4/users",
        "https://acme.amocrm.ru@evil.example/",
        "//evil.example/x",
    ],
)
def test_the_token_never_leaves_for_another_host(connect, following):
    client, server = connect(page("users", [{"id": 1}], following))
    with pytest.raises(ProviderRefused, match="base_url"):
        client.users()
    assert len(server.requests) == 1


def test_an_empty_account_is_an_empty_list(connect):
    client, _ = connect()
    assert client.users() == []
    assert list(client.leads_updated(START, END)) == []


def test_leads_are_read_from_the_last_stamp_on_and_others_dropped(connect):
    following = f"{BASE}/api/v4/leads?page=2"
    client, server = connect(
        page(
            "leads", [{"id": 1, "updated_at": FIRST}, {"id": 2, "updated_at": FIRST + 9}], following
        ),
        page("leads", [{"id": 2, "updated_at": FIRST + 9}, {"id": 3, "updated_at": LAST + 1}]),
    )
    assert [row["id"] for row in client.leads_updated(START, END)] == [1, 2]
    assert server.requests[1].url.params["filter[updated_at][from]"] == str(FIRST + 9)
    assert server.requests[0].url.params["with"] == "contacts,loss_reason"


def test_deleted_leads_come_from_the_trash_only(connect):
    rows = [{"id": 1, "updated_at": FIRST, "is_deleted": True}, {"id": 2, "updated_at": 5}]
    client, server = connect(page("leads", rows))
    assert [row["id"] for row in client.deleted_leads(START, END)] == [1]
    assert server.requests[0].url.params["with"] == "only_deleted"


def test_no_ids_mean_no_request(connect):
    client, server = connect()
    assert list(client.leads_by_id([])) == []
    assert server.requests == []


def test_many_ids_go_in_batches_that_fit_an_address(connect):
    client, server = connect()
    list(client.contacts_by_id(range(10**15, 10**15 + 250)))
    asked = [request.url.params.get_list("filter[id][]") for request in server.requests]
    assert sum(map(len, asked)) == 250
    assert [len(ids) for ids in asked] == [len(asked[0]), 250 - len(asked[0])]
    lines = [b"GET " + request.url.raw_path + b" HTTP/1.1\r\n" for request in server.requests]
    assert max(map(len, lines)) <= 8 * 1024


def test_ids_of_usual_length_go_by_whole_pages(connect):
    client, server = connect()
    list(client.contacts_by_id(range(60_000_000, 60_000_500)))
    asked = [request.url.params.get_list("filter[id][]") for request in server.requests]
    assert [len(ids) for ids in asked] == [250, 250]


def test_brackets_are_written_as_addresses_write_them(connect):
    client, server = connect()
    list(client.leads_by_id([1, 2]))
    query = server.requests[0].url.raw_path.decode().partition("?")[2]
    assert query.startswith("filter%5Bid%5D%5B%5D=1&filter%5Bid%5D%5B%5D=2&")
    assert "with=contacts%2Closs_reason" in query


class Ahead:
    """In place of reading ahead: asks at once when it is told to, and keeps the order."""

    def __init__(self, order, ask, most=1):
        self.order, self.ask, self.most, self.answers = order, ask, most, {}

    @property
    def room(self):
        return self.most - len(self.answers)

    def begin(self, question):
        self.order.append("ahead")
        self.answers[question] = self.ask(question)

    def get(self, question):
        return self.answers.pop(question) if question in self.answers else self.ask(question)

    def close(self):
        assert not self.answers, "an answer that nobody wanted"


@pytest.fixture
def order(monkeypatch):
    """What is asked ahead and what is looked at, in order."""
    happened = []
    monkeypatch.setattr(sys.modules[AmoCrmClient.__module__], "ReadAhead", partial(Ahead, happened))
    return happened


def test_the_next_page_is_asked_for_before_the_rows_are_looked_at(connect, order, monkeypatch):
    events = [
        {"id": name, "type": "lead_added", "entity_id": 1, "created_at": FIRST} for name in "abc"
    ]
    pages = [
        page("events", [event], f"{BASE}/api/v4/events?page={place}" if place < 4 else None)
        for place, event in enumerate(events, start=2)
    ]
    client, server = connect(*pages)
    looked = type(client._sieve).sound

    def sound(*given):
        order.append("looked")
        return looked(*given)

    monkeypatch.setattr(type(client._sieve), "sound", sound)
    found = client.events(START, END, ["lead_added"])
    assert [row["id"] for row in found] == ["a", "b", "c"]
    assert order == ["ahead", "looked", "ahead", "looked", "looked"]
    assert len(server.requests) == 3
    client.close()


def test_batches_are_asked_for_ahead_once_one_came_whole(connect, order):
    contacts = [{"id": number, "updated_at": FIRST} for number in range(1, 1401)]
    link = f"{BASE}/api/v4/contacts?page=2"
    client, server = connect(
        # In two pages, which are read until they have settled.
        page("contacts", contacts[:50], link), page("contacts", contacts[50:250]),
        page("contacts", contacts[:50], link), page("contacts", contacts[50:250]),
        *(page("contacts", contacts[at : at + 250]) for at in range(250, 1400, 250)),
    )  # fmt: skip
    found = client.contacts_by_id(range(1, 1401))
    assert next(found)["id"] == 1
    assert (order, len(server.requests)) == ([], 4)
    assert [row["id"] for row in islice(found, 250)][-1] == 251
    assert (order, len(server.requests)) == (["ahead"] * 3, 8)
    assert [row["id"] for row in found][-1] == 1400
    assert (order, len(server.requests)) == (["ahead"] * 4, 9)
    client.close()


def test_contacts_that_are_known_later_fill_the_last_batch(connect):
    contacts = [{"id": number, "updated_at": FIRST} for number in range(1, 601)]
    pages = [page("contacts", contacts[at : at + 250]) for at in range(0, 600, 250)]
    client, server = connect(*pages)
    asked_before: list[int] = []

    def more() -> range:
        asked_before.append(len(server.requests))
        return range(401, 601)

    found = client.contacts_by_id(range(1, 402), more)
    assert [row["id"] for row in found] == list(range(1, 601))
    assert asked_before == [1], "what fills a batch is asked for before"
    asked = [request.url.params.get_list("filter[id][]") for request in server.requests]
    assert [len(ids) for ids in asked] == [250, 250, 100]


def test_what_keeps_the_other_contacts_from_being_known_is_told(connect):
    def more() -> list[int]:
        raise ProviderRefused("amocrm", "not this one", status=414)

    client, server = connect(page("contacts", [{"id": 1, "updated_at": FIRST}]))
    with pytest.raises(ProviderRefused, match="not this one"):
        list(client.contacts_by_id([1], more))
    assert server.requests == []


def test_what_a_refused_batch_taught_holds_for_the_next_one(connect):
    leads = [{"id": number, "updated_at": FIRST} for number in range(1, 501)]
    server_pages = [page("leads", leads[at : at + 125]) for at in range(0, 500, 125)]
    client, server = connect(httpx.Response(414), *server_pages)
    assert [row["id"] for row in client.leads_by_id(range(1, 501))] == list(range(1, 501))
    asked = [request.url.params.get_list("filter[id][]") for request in server.requests]
    assert [len(ids) for ids in asked] == [250, 125, 125, 125, 125]


def test_a_batch_that_is_too_long_for_the_server_is_split(connect):
    leads = [{"id": number, "updated_at": 1_770_000_000} for number in (1, 2, 3, 4)]
    answers = [page("leads", leads[:2]), page("leads", leads[2:])]
    client, server = connect(httpx.Response(414), *answers)
    assert [row["id"] for row in client.leads_by_id([1, 2, 3, 4])] == [1, 2, 3, 4]
    asked = [request.url.params.get_list("filter[id][]") for request in server.requests]
    assert asked == [["1", "2", "3", "4"], ["1", "2"], ["3", "4"]]


def test_a_lead_that_goes_between_the_pages_of_a_batch_takes_no_other_with_it(connect):
    following = f"{BASE}/api/v4/leads?page=2"
    leads = {number: {"id": number, "updated_at": FIRST} for number in (1, 2, 3, 4)}
    # Lead 1 is put into the trash after the first page: lead 3 moves onto that page.
    client, _ = connect(
        page("leads", [leads[1], leads[2]], following), page("leads", [leads[4]]),
        page("leads", [leads[2], leads[3]], following), page("leads", [leads[4]]),
        page("leads", [leads[2], leads[3]], following), page("leads", [leads[4]]),
    )  # fmt: skip
    found = [row["id"] for row in client.leads_by_id([1, 2, 3, 4])]
    assert sorted(found) == [1, 2, 3, 4]


def test_batches_after_a_split_one_are_no_longer_than_its_halves(connect):
    nothing = [httpx.Response(204)] * 4
    client, server = connect(httpx.Response(414), *nothing)
    assert list(client.leads_by_id(range(1, 501))) == []
    asked = [len(request.url.params.get_list("filter[id][]")) for request in server.requests]
    assert asked == [250, 125, 125, 125, 125]
    assert client.asked == 5


def test_a_single_id_that_is_too_long_is_refused(connect):
    client, _ = connect(httpx.Response(414))
    with pytest.raises(ProviderRefused, match="too long"):
        list(client.leads_by_id([1]))


def test_a_401_asks_for_a_new_long_lived_token_and_is_not_repeated(connect):
    client, server = connect(httpx.Response(401, json={"detail": "expired", "status": 401}))
    with pytest.raises(TokenExpired, match="create a new long-lived token"):
        client.account()
    assert len(server.requests) == 1


def test_an_empty_object_may_come_as_an_empty_list(connect):
    client, _ = connect(httpx.Response(200, json={"_links": [], "_embedded": []}))
    assert client.users() == []


@pytest.mark.parametrize("errors", [None, 5, "?", [], [None], [{"errors": 5}], [{"errors": [1]}]])
def test_a_400_of_any_shape_is_a_refusal(connect, errors):
    body = {"validation-errors": errors, "detail": "Request validation failed"}
    client, _ = connect(httpx.Response(400, json=body))
    with pytest.raises(ProviderRefused, match=r"request \(Request validation failed\)"):
        client.users()


@pytest.mark.parametrize(
    "body",
    [
        {"_embedded": {"users": "?"}},
        {"_embedded": {"users": None}},
        {"_embedded": {"leads": []}},
        {"_embedded": None},
        {},
        {"title": "Maintenance", "status": 503, "detail": "try again later"},
    ],
)
def test_a_success_without_the_list_that_was_asked_for_is_unavailable_not_empty(connect, body):
    client, _ = connect(*[httpx.Response(200, json=body)] * 9)
    with pytest.raises(ProviderUnavailable):
        client.users()


def test_a_search_does_not_leave_the_phone_in_the_log(connect, surroundings):
    client, _ = connect(page("contacts", [{"id": 1}]))
    assert list(client.contacts_matching("+79991234567")) == [{"id": 1}]
    assert "79991234567" not in repr(surroundings.log.rows)


def test_samples_stop_after_what_was_asked_for(connect):
    client, server = connect(
        page("contacts", [{"id": 1}, {"id": 2}], f"{BASE}/api/v4/contacts?page=2")
    )
    assert client.sample_contacts(2) == [{"id": 1}, {"id": 2}]
    assert len(server.requests) == 1
