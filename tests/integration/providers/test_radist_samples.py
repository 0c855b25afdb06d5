"""The Radist client reads the documented answers whole, and ingestion makes the right rows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from synkro_assets.domain.business_day import Window
from synkro_assets.domain.errors import ProviderError, ProviderRefused, RateLimited
from synkro_assets.domain.tenant import Tenant
from synkro_assets.ingestion.radist import Limits, RadistDay, fetch_day, raw_rows
from synkro_assets.providers.radist import RadistClient, parse_time
from synkro_assets.storage.database import Database

from .conftest import Desk
from .rows import load_all, staged
from .stand import Stand

DAY = date(2026, 3, 5)
WINDOW = Window(datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 6, tzinfo=UTC))
WHATSAPP, TELEGRAM, GROUP = 2200000001, 4294967298, 2200000003
COMPANY = "/v2/companies/7"
CURSOR = "eyJhIjoxfQ==/+&page=2"

LISTS = {
    "/v2/companies/": "companies",
    f"{COMPANY}/connections/": "connections",
    f"{COMPANY}/messaging/chats/sources/": "sources",
}
TALK = {WHATSAPP: "messages", TELEGRAM: "messages_telegram", GROUP: "messages_group"}


def documented(path: str, query: dict[str, list[str]]) -> str:
    """A company that answers with the samples."""
    if path in LISTS:
        return f"radist/{LISTS[path]}"
    if path == f"{COMPANY}/messaging/chats/with_contacts/":
        is_last = query.get("cursor") == [CURSOR]
        return f"radist/chats_{'last' if is_last else 'first'}_page"
    assert path == f"{COMPANY}/messaging/messages/"
    return f"radist/{TALK[int(query['chat_id'][0])]}"


def body(stand: Stand, name: str) -> Any:
    return stand.sample(f"radist/{name}")["body"]


def fetched(desk: Desk) -> tuple[RadistDay, Stand]:
    client, stand = desk.radist(documented)
    return fetch_day(client, WINDOW, Limits(10, 10), parse_time), stand


def test_lists_bare_and_wrapped_come_as_they_were_written(desk: Desk) -> None:
    client, stand = desk.radist(documented)
    assert client.companies() == body(stand, "companies")["companies"]
    assert client.connections() == body(stand, "connections")["connections"]
    assert client.chat_sources() == body(stand, "sources")


def test_contacts_of_both_pages_come_as_they_were_written(desk: Desk) -> None:
    client, stand = desk.radist(documented)
    pages = [page.rows for page in client.contact_pages()]
    assert pages == [
        body(stand, "chats_first_page")["data"],
        body(stand, "chats_last_page")["data"],
    ]
    assert "cursor=eyJhIjoxfQ%3D%3D%2F%2B%26page%3D2" in stand.asked[1]


def test_messages_of_every_type_come_oldest_first_as_they_were_written(desk: Desk) -> None:
    client, stand = desk.radist(documented)
    written = {row["message_id"]: row for row in body(stand, "messages")}
    found = client.chat_messages(WHATSAPP, WINDOW.start, WINDOW.end, 10)
    assert not found.is_truncated
    # The image has the same hour as the file but no fraction: 17:00 is after 16:59:59.9.
    order = ["st", "wi", "au", "v", "vi", "0001", "5b1c", "9d0f"]
    assert [row["message_id"] for row in found.messages] == order
    assert [written[name] for name in order] == found.messages
    telegram = client.chat_messages(TELEGRAM, WINDOW.start, WINDOW.end, 10)
    assert telegram.messages == body(stand, "messages_telegram")[::-1]


def test_a_company_nobody_wrote_to_is_empty(desk: Desk) -> None:
    def silent(path: str, query: dict[str, list[str]]) -> str:
        kind = path.strip("/").split("/")[-1]
        names = {"with_contacts": "chats_empty", "messages": "messages_empty"}
        return f"radist/{names[kind]}"

    client, _ = desk.radist(silent)
    assert [page.rows for page in client.contact_pages()] == [[]]
    assert client.chat_messages(1, WINDOW.start, WINDOW.end, 10).messages == []


def at(hour: int, minute: int = 0, second: int = 0, micro: int = 0) -> datetime:
    return datetime(2026, 3, 5, hour, minute, second, micro, tzinfo=UTC)


def test_a_day_of_the_samples_becomes_these_rows(desk: Desk) -> None:
    day, stand = fetched(desk)
    rows = raw_rows(day, "RU", parse_time)

    assert [row[:4] for row in rows["radist_chats"]] == [
        (WHATSAPP, 900000001, 101, "+79123456789"),
        (GROUP, 4294967302, 4294967297, None),
        (TELEGRAM, 900000001, 103, None),
    ]
    payloads = {row[0]: row[4] for row in rows["radist_chats"]}
    assert {chat: payload["connection_type"] for chat, payload in payloads.items()} == {
        WHATSAPP: "whatsapp", GROUP: "a_type_of_tomorrow", TELEGRAM: "telegram_bot",
    }  # fmt: skip
    shown = body(stand, "chats_first_page")["data"][0]
    assert payloads[WHATSAPP]["chat"] == shown["chats"][0]
    assert payloads[TELEGRAM]["chat"] == shown["chats"][1]
    assert payloads[WHATSAPP]["contact"] == {k: v for k, v in shown.items() if k != "chats"}

    assert [row[:4] for row in rows["radist_messages"]] == [
        ("st", WHATSAPP, "inbound", at(13)),
        ("wi", WHATSAPP, "outbound", at(14)),
        ("au", WHATSAPP, "inbound", at(15, 0, 0, 123456)),
        ("v", WHATSAPP, "inbound", at(16, 0, 0, 123000)),
        ("vi", WHATSAPP, "inbound", at(16, 0, 0, 123000)),
        ("0001", WHATSAPP, "outbound", at(16, 59, 59, 900000)),
        ("5b1c", WHATSAPP, "outbound", at(17)),
        ("9d0f", WHATSAPP, "inbound", at(18, 0, 0, 123456)),
        ("17", GROUP, "outbound", at(17, 30)),
        ("0190c2b1-7c1e-7d5b-9a53-0242ac120001", TELEGRAM, "inbound", at(6, 59, 59, 999999)),
        ("0190c2b1-7c1e-7d5b-9a53-0242ac120002", TELEGRAM, "inbound", at(7)),
    ]
    written = {row["message_id"]: row for name in TALK.values() for row in body(stand, name)}
    assert all(row[4] == written[row[0]] for row in rows["radist_messages"])


def test_the_stored_rows_say_the_same_in_staging(
    desk: Desk, database: Database, tenant: Tenant
) -> None:
    day, _ = fetched(desk)
    load_all(database, tenant, DAY, raw_rows(day, "RU", parse_time))

    assert staged(
        database, "stg_radist__chats", "radist_chat_id", "radist_contact_id", "phone_e164",
        "contact_name", "connection_type", "is_group",
    ) == [
        (WHATSAPP, 900000001, "+79123456789", "Иван Петров", "whatsapp", False),
        (GROUP, 4294967302, None, None, "a_type_of_tomorrow", True),
        (TELEGRAM, 900000001, None, "Иван Петров", "telegram_bot", False),
    ]  # fmt: skip
    assert staged(
        database, "stg_radist__messages", "radist_chat_id", "sent_at", "direction",
        "message_type", "message_text",
    ) == [
        (WHATSAPP, at(13), "inbound", "sticker_pack", None),
        (WHATSAPP, at(14), "outbound", "waba_interactive", "Выберите время"),
        (WHATSAPP, at(15, 0, 0, 123456), "inbound", "audio", None),
        (WHATSAPP, at(16, 0, 0, 123000), "inbound", "voice", None),
        (WHATSAPP, at(16, 0, 0, 123000), "inbound", "video", None),
        (WHATSAPP, at(16, 59, 59, 900000), "outbound", "file", None),
        (WHATSAPP, at(17), "outbound", "image", "Каталог"),
        (WHATSAPP, at(18, 0, 0, 123456), "inbound", "text", "Спасибо"),
        (GROUP, at(17, 30), "outbound", "waba_template", "Ваш заказ готов"),
        (TELEGRAM, at(6, 59, 59, 999999), "inbound", "text", "Есть диван «Осло»? 😀"),
        (TELEGRAM, at(7), "inbound", "text", None),
    ]  # fmt: skip


REFUSALS = [
    ("refused_401", ProviderRefused, 401, "Invalid API key"),
    ("refused_403_as_text", ProviderRefused, 403, "lacks a right"),
    ("refused_404_empty", ProviderRefused, 404, "company_id"),
    ("refused_422", ProviderRefused, 422, "invalid datetime format"),
    ("refused_429", RateLimited, 429, "too many requests"),
]


@pytest.mark.parametrize(("name", "kind", "status", "words"), REFUSALS)
def test_a_refusal_says_what_it_is(
    desk: Desk, name: str, kind: type[ProviderError], status: int, words: str
) -> None:
    client, _ = desk.radist(lambda path, query: f"radist/{name}")
    calls = (
        RadistClient.companies,
        RadistClient.connections,
        lambda each: list(each.contact_pages()),
        lambda each: each.chat_messages(1, WINDOW.start, WINDOW.end, 2),
    )
    for call in calls:
        with pytest.raises(kind, match=words) as caught:
            call(client)
        assert caught.value.status == status
