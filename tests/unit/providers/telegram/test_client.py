"""Telegram: a message is sent once, and what came of it is told apart."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from synkro_assets.domain.errors import (
    OutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
    RateLimited,
)
from synkro_assets.providers import telegram

TOKEN = "123456789:AAF-abcdefghijklmnopqrstuvwxyz0123456"
SENT = {
    "ok": True,
    "result": {"message_id": 2**40, "date": 1, "chat": {"id": -5, "type": "group"}},
}


@pytest.fixture
def connect(surroundings):
    def connect(handler):
        public = {"base_url": "https://api.telegram.org/bot"}
        transport = httpx.MockTransport(handler)
        return telegram.client(
            public, {"bot_token": TOKEN}, transport=transport, **surroundings.given()
        )

    return connect


def failing(status, description, **parameters):
    body = {"ok": False, "error_code": status, "description": description}
    body |= {"parameters": parameters} if parameters else {}
    return lambda request: httpx.Response(status, json=body)


def raising(error):
    def handler(request):
        raise error(f"at /bot{TOKEN}/sendMessage")

    return handler


def test_the_authorities_are_not_read_for_each_message(connect, authorities_read):
    connect(lambda request: httpx.Response(200, json=SENT)).send_message("-100", "hi")
    assert authorities_read == []


def test_a_message_is_sent_as_html_without_previews_and_its_id_returned(connect, surroundings):
    seen = []

    def handler(request):
        seen.append(httpx.QueryParams(request.content.decode()))
        return httpx.Response(200, json=SENT)

    assert connect(handler).send_message("-100", "<b>hi</b>", 7) == 2**40
    (form,) = seen
    assert (form["chat_id"], form["text"], form["parse_mode"]) == ("-100", "<b>hi</b>", "HTML")
    assert form["message_thread_id"] == "7"
    assert '"is_disabled": true' in form["link_preview_options"]
    assert surroundings.limiter.acquired == [("all", 30.0), ("chat:-100", 1.0)]
    (row,) = surroundings.log.rows
    assert (row.action, row.status, row.path) == ("sendMessage", 200, "/bot***/sendMessage")


@pytest.mark.parametrize(
    ("handler", "error", "told"),
    [
        (failing(400, "Bad Request: chat not found"), ProviderRefused, "add the bot to the chat"),
        (failing(400, "Bad Request: something else"), ProviderRefused, "something else"),
        (failing(403, "Forbidden: bot was blocked by the user"), ProviderRefused, "unblock"),
        (failing(401, "Unauthorized"), ProviderRefused, "BotFather"),
        (failing(404, "Not Found"), ProviderRefused, "BotFather"),
        (failing(500, "Internal Server Error: restart"), ProviderUnavailable, "try again"),
        (lambda r: httpx.Response(502, html="<html/>"), ProviderUnavailable, "try again"),
        (raising(httpx.ConnectError), ProviderUnavailable, "cannot be reached"),
        (raising(httpx.ConnectTimeout), ProviderUnavailable, "cannot be reached"),
        (raising(httpx.ReadTimeout), OutcomeUnknown, "may have been delivered"),
        (raising(httpx.ReadError), OutcomeUnknown, "may have been delivered"),
        (raising(httpx.RemoteProtocolError), OutcomeUnknown, "may have been delivered"),
        (lambda r: httpx.Response(504, text="x"), OutcomeUnknown, "may have been delivered"),
        (lambda r: httpx.Response(200, html="<html/>"), OutcomeUnknown, "may have been delivered"),
        (lambda r: httpx.Response(200, json=[]), OutcomeUnknown, "may have been delivered"),
        (lambda r: httpx.Response(200, json={"ok": True}), OutcomeUnknown, "may have been"),
    ],
)
def test_outcomes_are_told_apart_and_nothing_is_sent_twice(
    connect, surroundings, handler, error, told
):
    with pytest.raises(error, match=told) as problem:
        connect(handler).send_message("1", "hi")
    assert type(problem.value) is error
    assert TOKEN not in repr(problem.value)
    assert TOKEN not in repr(surroundings.log.rows)
    assert len(surroundings.log.rows) == 1
    assert surroundings.slept == []


def test_a_flood_names_its_pause(connect, surroundings):
    with pytest.raises(RateLimited) as problem:
        connect(failing(429, "Too Many Requests", retry_after=35)).send_message("1", "hi")
    assert problem.value.retry_after == 35
    assert ("chat:1", 35.0) in surroundings.limiter.penalties


def test_a_group_that_moved_names_its_new_id(connect):
    moved = failing(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1001234567890)
    with pytest.raises(telegram.ChatMoved, match="-1001234567890") as problem:
        connect(moved).send_message("1", "hi")
    assert problem.value.new_chat_id == -1001234567890


def me(request):
    result = {"id": 1, "is_bot": True, "first_name": "Synkro", "username": "synkro_bot"}
    return httpx.Response(200, json={"ok": True, "result": result})


def test_the_bot_is_asked_again_when_it_is_away(connect, surroundings):
    answers = [httpx.Response(502, text="x"), me(None)]
    assert connect(lambda r: answers.pop(0)).get_me()["username"] == "synkro_bot"
    assert [row.attempt for row in surroundings.log.rows] == [1, 2]


def test_it_works_where_an_event_loop_is_already_running(connect, surroundings):
    async def inside():
        return connect(me).get_me()

    assert asyncio.run(inside())["first_name"] == "Synkro"
    assert surroundings.log.rows[0].action == "getMe"
