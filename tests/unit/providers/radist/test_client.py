"""The Radist client paces, pages and reads what the documentation leaves open."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from synkro_assets.domain.errors import ProviderRefused, ProviderUnavailable
from synkro_assets.providers import radist

START = datetime(2026, 3, 5, tzinfo=UTC)


@pytest.fixture
def connect(surroundings):
    def connect(handler):
        public = {"base_url": "https://api.radist.online/v2", "company_id": 7}
        transport = httpx.MockTransport(handler)
        return radist.client(
            public, {"api_key": "radist-key"}, transport=transport, **surroundings.given()
        )

    return connect


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-05T10:00:00Z", datetime(2026, 3, 5, 10, tzinfo=UTC)),
        ("2026-03-05T10:00:00", datetime(2026, 3, 5, 10, tzinfo=UTC)),
        ("2026-03-05T10:00:00+03:00", datetime(2026, 3, 5, 7, tzinfo=UTC)),
        ("2026-03-05T10:00:00+0300", datetime(2026, 3, 5, 7, tzinfo=UTC)),
        ("2026-03-05 10:00:00.1", datetime(2026, 3, 5, 10, 0, 0, 100_000, tzinfo=UTC)),
        ("2026-03-05T10:00:00.123456789Z", datetime(2026, 3, 5, 10, 0, 0, 123_456, tzinfo=UTC)),
    ],
)
def test_times_of_every_spelling_are_read(text, moment):
    assert radist.parse_time(text) == moment


@pytest.mark.parametrize("text", ["", "yesterday", None, 5, "2026-02-31T10:00:00Z"])
def test_what_is_no_time_is_unavailable(text):
    with pytest.raises(ProviderUnavailable):
        radist.parse_time(text)


@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"connections": rows}])
def test_bare_and_wrapped_lists_are_both_read(connect, wrap):
    client = connect(lambda r: httpx.Response(200, json=wrap([{"id": 1}])))
    assert client.connections() == [{"id": 1}]


def test_chats_go_through_both_buckets_and_messages_through_one(connect, surroundings):
    client = connect(lambda r: httpx.Response(200, json=[]))
    client.chat_sources()
    assert surroundings.limiter.acquired == [("chats", 1.0), ("all", 5.0)]
    client.chat_messages(1, START, START + timedelta(days=1), 5)
    assert surroundings.limiter.acquired[2:] == [("all", 5.0)]


@pytest.mark.parametrize("answer", [httpx.Response(200, json=None), httpx.Response(204)])
def test_an_answer_without_rows_is_no_empty_list(connect, answer):
    client = connect(lambda r: httpx.Response(answer.status_code, content=answer.content))
    with pytest.raises(ProviderUnavailable):
        list(client.contact_pages())
    with pytest.raises(ProviderUnavailable):
        client.chat_messages(1, START, START + timedelta(days=1), 5)


def of_poison(request):
    """Twelve messages without an id."""
    at = (START + timedelta(hours=1)).isoformat()
    return httpx.Response(200, json=[{"message_id": None, "created_at": at}] * 12)


def test_a_chat_that_holds_poison_alone_is_told_of(connect):
    found = connect(of_poison).chat_messages(1, START, START + timedelta(days=1), 5)
    assert (found.messages, found.has_poison, found.is_unreadable) == ([], True, True)


def test_contacts_are_read_by_cursor(connect):
    def handler(request):
        assert request.headers["x-api-key"] == "radist-key"
        second = request.url.params.get("cursor") == "a/b=="
        rows = [{"contact_id": 2 if second else 1, "last_chat_updated_at": "x", "chats": []}]
        metadata = {"next_cursor": "" if second else "a/b=="}
        return httpx.Response(200, json={"data": rows, "response_metadata": metadata})

    pages = list(connect(handler).contact_pages())
    assert [[row["contact_id"] for row in page.rows] for page in pages] == [[1], [2]]
    assert [page.next for page in pages] == ["a/b==", None]


@pytest.mark.parametrize(
    ("flaw", "kept"),
    [
        ({"contact_name": "a\x00b"}, {"last_chat_updated_at": "2026-03-05T10:00:00Z"}),
        ({"a\x00b": 1, "last_chat_updated_at": "0001-01-01T00:00:00Z"}, {}),
        ({"contact_name": "\ud83d", "last_chat_updated_at": "a\x00b"}, {}),
    ],
)
def test_of_a_poison_contact_the_chats_are_kept(connect, flaw, kept):
    chats = [{"chat_id": 1, "connection_id": 2}, {"chat_id": None, "connection_id": 2}]
    moved = {"last_chat_updated_at": "2026-03-05T10:00:00Z"}
    rows = [{"contact_id": 7, "chats": chats, **moved, **flaw}]
    client = connect(lambda r: httpx.Response(200, text=json.dumps({"data": rows})))
    (contact,) = next(client.contact_pages()).rows
    sound = {"chat_id": 1, "connection_id": 2, "last_message": None}
    assert contact == {"contact_id": 7, "chats": [sound], **kept}


@pytest.mark.parametrize("flaw", [{"contact_id": None}, {"chats": "none"}])
def test_of_a_poison_contact_without_id_or_chats_nothing_is_kept(connect, flaw):
    rows = [{"contact_id": 7, "chats": [], **flaw}]
    client = connect(lambda r: httpx.Response(200, json={"data": rows}))
    assert [page.rows for page in client.contact_pages()] == [[]]


def messages_feed(count):
    rows = [
        {"message_id": str(i), "created_at": (START + timedelta(seconds=i)).isoformat()}
        for i in range(count)
    ]

    def handler(request):
        until = radist.parse_time(request.url.params["until"])
        before = [r for r in rows if radist.parse_time(r["created_at"]) < until]
        return httpx.Response(200, json=before[::-1][:100])

    return handler


def test_messages_of_the_window_come_oldest_first(connect):
    client = connect(messages_feed(350))
    found = client.chat_messages(
        1, START + timedelta(seconds=10), START + timedelta(seconds=300), 9
    )
    assert [m["message_id"] for m in found.messages] == [str(i) for i in range(10, 300)]
    assert not found.is_truncated


def test_a_chat_longer_than_its_pages_is_marked_truncated(connect):
    found = connect(messages_feed(350)).chat_messages(1, START, START + timedelta(days=1), 2)
    assert found.is_truncated
    assert found.messages[-1]["message_id"] == "349"


@pytest.mark.parametrize(
    "body",
    [{"json": {"detail": "bad key"}}, {"text": "bad key"}, {"content": b""}, {"json": [["bad"]]}],
)
def test_error_bodies_of_any_shape_are_refusals_that_say_what_to_do(connect, body):
    with pytest.raises(ProviderRefused, match="API key"):
        connect(lambda r: httpx.Response(401, **body)).companies()
