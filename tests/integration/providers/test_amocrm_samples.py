"""The amoCRM client reads the documented answers whole, and ingestion makes the right rows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from synkro_assets.domain.business_day import Window
from synkro_assets.domain.errors import (
    AccountStopped,
    ProviderError,
    ProviderRefused,
    RateLimited,
    TokenExpired,
)
from synkro_assets.domain.tenant import Tenant
from synkro_assets.ingestion.amocrm import EVENT_TYPES, AmoCrmDay, fetch_day, raw_rows
from synkro_assets.storage.database import Database

from .conftest import Desk
from .rows import load_all, staged
from .stand import Stand

DAY = date(2026, 3, 5)
WINDOW = Window(datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 6, tzinfo=UTC))
IVAN, NOBODY, MARIA = 7143599, 2147483650, 9007199254740991
FIRST, SECOND, THIRD = 19619, 2147483648, 4294967297

WHOLE_LISTS = {
    "/api/v4/users": "users",
    "/api/v4/leads/pipelines": "pipelines",
    "/api/v4/leads/loss_reasons": "loss_reasons",
    "/api/v4/contacts": "contacts",
    "/api/v4/events": "events",
    "/api/v4/account": "account",
}


def documented(path: str, query: dict[str, list[str]]) -> str:
    """An account that answers with the samples."""
    if path != "/api/v4/leads":
        return f"amocrm/{WHOLE_LISTS[path]}"
    if query["with"] == ["only_deleted"]:
        return "amocrm/leads_only_deleted"
    since = int(query.get("filter[updated_at][from]", ["0"])[0])
    is_first = query.get("page", ["1"]) == ["1"] and since < 1772710000
    return f"amocrm/leads_{'first' if is_first else 'second'}_page"


def rows_of(stand: Stand, name: str) -> list[dict[str, Any]]:
    (rows,) = stand.sample(f"amocrm/{name}")["body"]["_embedded"].values()
    found: list[dict[str, Any]] = rows
    return found


def unix(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def fetched(desk: Desk) -> tuple[AmoCrmDay, Stand]:
    client, stand = desk.amocrm(documented)
    return fetch_day(client, WINDOW), stand


def test_lists_come_as_they_were_written(desk: Desk) -> None:
    client, stand = desk.amocrm(documented)
    assert client.account() == stand.sample("amocrm/account")["body"]
    assert client.users() == rows_of(stand, "users")
    assert client.pipelines() == rows_of(stand, "pipelines")
    assert client.loss_reasons() == rows_of(stand, "loss_reasons")
    assert list(client.events(*WINDOW_EDGES, EVENT_TYPES)) == rows_of(stand, "events")
    every = [row["id"] for row in rows_of(stand, "contacts")]
    assert list(client.contacts_by_id(every)) == rows_of(stand, "contacts")
    assert list(client.contacts_matching("Иван")) == rows_of(stand, "contacts")
    assert client.sample_contacts(2) == rows_of(stand, "contacts")[:2]


WINDOW_EDGES = (WINDOW.start, WINDOW.end)


def test_leads_of_both_pages_come_as_they_were_written(desk: Desk) -> None:
    client, stand = desk.amocrm(documented)
    every = [*rows_of(stand, "leads_first_page"), *rows_of(stand, "leads_second_page")]
    assert list(client.leads_updated(*WINDOW_EDGES)) == every
    wanted = [FIRST, THIRD, 5]
    assert list(client.leads_by_id(wanted)) == [row for row in every if row["id"] in wanted]
    assert list(client.deleted_leads(*WINDOW_EDGES)) == rows_of(stand, "leads_only_deleted")


def test_nothing_found_is_an_empty_list_everywhere(desk: Desk) -> None:
    client, _ = desk.amocrm(lambda path, query: "amocrm/no_content")
    day = fetch_day_without_account(client)
    assert day == ([], [], [], [], [], [], [])


def fetch_day_without_account(client: Any) -> tuple[list[Any], ...]:
    return (
        client.users(),
        client.pipelines(),
        client.loss_reasons(),
        list(client.events(*WINDOW_EDGES, EVENT_TYPES)),
        list(client.leads_updated(*WINDOW_EDGES)),
        list(client.deleted_leads(*WINDOW_EDGES)),
        list(client.contacts_by_id([IVAN])),
    )


def test_a_day_of_the_samples_becomes_these_rows(desk: Desk) -> None:
    day, stand = fetched(desk)
    rows = raw_rows(day, "RU")

    leads = {row[0]: row for row in rows["amocrm_leads"]}
    assert [row[:3] for row in rows["amocrm_leads"]] == [
        (FIRST, unix(1772710000), False),
        (SECOND, unix(1772710000), False),
        (THIRD, unix(1772720000), False),
        (17657, unix(1772705000), True),
        (4294967298, unix(1772706000), True),
    ]
    assert leads[FIRST][3] == rows_of(stand, "leads_first_page")[0]
    assert leads[17657][3] == {"id": 17657, "updated_at": 1772705000, "is_deleted": True}
    assert [row[:3] for row in rows["amocrm_lead_contacts"]] == [
        (FIRST, IVAN, True),
        (FIRST, MARIA, False),
        (THIRD, IVAN, True),
        (THIRD, NOBODY, False),
    ]
    assert [row[:3] for row in rows["amocrm_contacts"]] == [
        (IVAN, unix(1772700500), ["+79123456789", "+73432223344", "+79160000001"]),
        (NOBODY, unix(1772700600), []),
        (MARIA, unix(1772700700), ["+79120000002"]),
    ]
    assert [row[:5] for row in rows["amocrm_events"]] == [
        ("01pz58t6p04ymgsgfbmfyfy1mf", "lead_added", "lead", FIRST, unix(1772700000)),
        ("01pz58t6p04ymgsgfbmfyfy1mg", "lead_status_changed", "lead", THIRD, unix(1772720000)),
        ("01pz58t6p04ymgsgfbmfyfy1mh", "lead_deleted", "lead", 17657, unix(1772705000)),
        ("01pz58t6p04ymgsgfbmfyfy1mj", "lead_restored", "lead", SECOND, unix(1772705001)),
    ]
    assert [row[0] for row in rows["amocrm_users"]] == [504141, 4294967301, 2147483649]
    assert [row[0] for row in rows["amocrm_pipelines"]] == [3177727, 4294967299]
    assert [row[0] for row in rows["amocrm_loss_reasons"]] == [4203748, 4294967400]
    assert [row[0] for row in rows["amocrm_accounts"]] == [28805383]
    for name, table in (("contacts", "amocrm_contacts"), ("events", "amocrm_events")):
        assert [row[-1] for row in rows[table]] == rows_of(stand, name)


def test_the_stored_rows_say_the_same_in_staging(
    desk: Desk, database: Database, tenant: Tenant
) -> None:
    day, _ = fetched(desk)
    load_all(database, tenant, DAY, raw_rows(day, "RU"))

    assert staged(
        database, "stg_amocrm__leads", "amocrm_lead_id", "lead_name", "amocrm_pipeline_id",
        "amocrm_status_id", "amocrm_user_id", "price_amount", "closed_at", "loss_reason_name",
        "is_deleted",
    ) == [
        (17657, None, None, None, None, None, None, None, True),
        (FIRST, "Сделка для примера", 3177727, 143, 504141, 46333, unix(1772710000),
         "Пропала потребность", False),
        (SECOND, None, 3177727, 32392156, 504141, 0, None, None, False),
        (THIRD, "Диван «Осло» 😀 — ½ предоплата", 4294967299, 142, 4294967301, 2147483648,
         unix(1772720000), None, False),
        (4294967298, "Удалённая сделка", None, None, None, 100, None, None, True),
    ]  # fmt: skip
    assert staged(
        database, "stg_amocrm__statuses", "amocrm_pipeline_id", "amocrm_status_id", "status_name"
    ) == [
        (3177727, 142, "Успешно реализовано"),
        (3177727, 143, "Закрыто и не реализовано"),
        (3177727, 32392156, "Неразобранное"),
        (4294967299, 142, "Работы выполнены"),
        (4294967299, 143, "Закрыто без работ"),
    ]
    assert staged(
        database, "stg_amocrm__events", "amocrm_event_id", "created_by_amocrm_user_id",
        "from_pipeline_id", "from_status_id", "to_pipeline_id", "to_status_id",
    ) == [
        ("01pz58t6p04ymgsgfbmfyfy1mf", 504141, None, None, None, None),
        ("01pz58t6p04ymgsgfbmfyfy1mg", 0, 3177727, 32392156, 4294967299, 142),
        ("01pz58t6p04ymgsgfbmfyfy1mh", 504141, None, None, None, None),
        ("01pz58t6p04ymgsgfbmfyfy1mj", 504141, None, None, None, None),
    ]  # fmt: skip
    assert staged(
        database, "stg_amocrm__lead_contacts", "amocrm_lead_id", "amocrm_contact_id", "is_main"
    ) == [
        (FIRST, IVAN, True),
        (FIRST, MARIA, False),
        (THIRD, IVAN, True),
        (THIRD, NOBODY, False),
    ]


REFUSALS = [
    ("refused_400", ProviderRefused, 400, "does not understand"),
    ("refused_401", TokenExpired, 401, "long-lived token"),
    ("refused_402", AccountStopped, 402, "not paid"),
    ("refused_403", AccountStopped, 403, "refuses every request"),
    ("refused_404", ProviderRefused, 404, "base_url"),
    ("refused_414", ProviderRefused, 414, "too long"),
    ("refused_429", RateLimited, 429, "too many requests"),
    ("refused_429_as_text", RateLimited, 429, "too many requests"),
]


@pytest.mark.parametrize(("name", "kind", "status", "words"), REFUSALS)
def test_a_refusal_says_what_it_is(
    desk: Desk, name: str, kind: type[ProviderError], status: int, words: str
) -> None:
    client, _ = desk.amocrm(lambda path, query: f"amocrm/{name}")
    with pytest.raises(kind, match=words) as caught:
        client.users()
    assert caught.value.status == status


def test_the_field_that_was_not_understood_is_named(desk: Desk) -> None:
    client, _ = desk.amocrm(lambda path, query: "amocrm/refused_400")
    with pytest.raises(ProviderRefused, match=r"filter: The value is not valid"):
        client.users()


def test_a_wait_in_the_body_is_heeded_and_a_long_one_not_slept_through(desk: Desk) -> None:
    client, stand = desk.amocrm(lambda path, query: "amocrm/refused_429")
    with pytest.raises(RateLimited) as caught:
        client.users()
    assert caught.value.retry_after == 300
    assert len(stand.asked) == 1
    client, stand = desk.amocrm(lambda path, query: "amocrm/refused_429_as_text")
    with pytest.raises(RateLimited):
        client.users()
    assert len(stand.asked) == 5
