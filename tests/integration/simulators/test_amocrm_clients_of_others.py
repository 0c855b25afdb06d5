"""Clients that others wrote read the simulated amoCRM as we do: it is not only ours it suits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest
from aioamocrm import (
    AccountMovedError,
    AmoCRMClient,
    AuthError,
    LongLivedToken,
    OAuth2,
    RateLimitError,
    RetryPolicy,
)
from amocrm_api import AmoOAuthClient

from .conftest import Lab

Truth = dict[str, Any]
WORLDS = [("ru", "RU"), ("en", "US")]


def unix(text: str | None) -> int | None:
    return int(datetime.fromisoformat(text).timestamp()) if text else None


def true_leads(truth: Truth) -> dict[int, tuple[Any, ...]]:
    return {
        row["id"]: (
            row["name"], row["price"], row["pipeline_id"], row["status_id"],
            row["responsible_user_id"], row["loss_reason_id"], unix(row["created_at"]),
            unix(row["updated_at"]), unix(row["closed_at"]), row["contact_ids"],
        )
        for row in truth["leads"]
        if not row["is_deleted"]
    }  # fmt: skip


def true_contacts(truth: Truth) -> dict[int, tuple[Any, ...]]:
    return {
        row["id"]: (
            row["name"], row["responsible_user_id"], [p["value"] for p in row["phones"]],
            sorted(row["lead_ids"]),
        )
        for row in truth["contacts"]
    }  # fmt: skip


def true_events(truth: Truth) -> dict[str, tuple[Any, ...]]:
    return {
        row["id"]: (
            row["type"], row["entity_type"], row["entity_id"], row["created_by"],
            unix(row["created_at"]),
        )
        for row in truth["events"]
    }  # fmt: skip


def true_stages(truth: Truth) -> dict[tuple[int, int], tuple[str, int, int]]:
    return {
        (pipeline["id"], status["id"]): (status["name"], status["sort"], status["type"])
        for pipeline in truth["pipelines"]
        for status in pipeline["statuses"]
    }


def true_users(truth: Truth) -> dict[int, tuple[Any, ...]]:
    return {
        row["id"]: (row["name"], row["email"], row["is_admin"], row["is_active"])
        for row in truth["managers"]
    }


def base_url(lab: Lab) -> str:
    address: str = lab.loaded["integrations"]["amocrm"]["base_url"]
    return address


def with_aioamocrm(lab: Lab, work: Callable[[AmoCRMClient], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        bearer = lab.loaded["integrations"]["amocrm"]["long_lived_token"]
        auth = LongLivedToken(bearer)
        async with AmoCRMClient(base_url=base_url(lab), auth=auth, rate_limit=None) as client:
            return await work(client)

    return asyncio.run(run())


class Session(httpx.Client):
    """httpx as amocrm-api-wrapper 1.0.1 believes it to be: it hands a body to GET, always none."""

    def get(self, url: Any, *, json: None = None, **more: Any) -> httpx.Response:
        return super().get(url, **more)


class Wrapper(AmoOAuthClient):
    """amocrm-api-wrapper on a session that takes what it hands over."""

    def _init_session(self, params: dict[str, str] | None = None) -> Session:
        return Session(timeout=self.timeout, headers={**self._auth_headers(), **(params or {})})


@pytest.fixture
def wrapper(lab: Lab) -> Iterator[AmoOAuthClient]:
    """amocrm-api-wrapper, signed in with a pair of tokens."""
    pair = lab.control("amocrm/oauth/acme")
    client = Wrapper(
        pair["access_token"], pair["refresh_token"], base_url(lab),
        pair["client_id"], pair["client_secret"], pair["redirect_uri"],
    )  # fmt: skip
    yield client
    client.close()
    asyncio.run(client.close_async())


@pytest.mark.parametrize(("language", "region"), WORLDS)
def test_aioamocrm_reads_the_whole_account(lab: Lab, language: str, region: str) -> None:
    lab.load(language=language, region=region, dialogs=60)

    async def read(amo: AmoCRMClient) -> tuple[list[Any], ...]:
        return (
            [each async for each in amo.leads.iterate(limit=7, with_=["contacts", "loss_reason"])],
            [each async for each in amo.contacts.iterate(limit=7, with_=["leads"])],
            await amo.pipelines.list(),
            [each async for each in amo.users.iterate(limit=2)],
        )

    leads, contacts, pipelines, users = with_aioamocrm(lab, read)
    truth = lab.truth()
    assert len(leads) == len(true_leads(truth)) > 40
    assert {
        each.id: (
            each.name, each.price, each.pipeline_id, each.status_id, each.responsible_user_id,
            each.loss_reason_id, each.created_at, each.updated_at, each.closed_at,
            [contact.id for contact in each.embedded.contacts],
        )
        for each in leads
    } == true_leads(truth)  # fmt: skip
    names = {row["id"]: row["name"] for row in truth["loss_reasons"]}
    for each in leads:
        (*reasons,) = each.embedded.model_extra["loss_reason"]
        assert [row["name"] for row in reasons] == [
            names[reason] for reason in [each.loss_reason_id] if reason
        ]
    assert {
        each.id: (
            each.name, each.responsible_user_id, each.field_values("PHONE"),
            sorted(lead.id for lead in each.embedded.leads),
        )
        for each in contacts
    } == true_contacts(truth)  # fmt: skip
    assert {
        (pipeline.id, status.id): (status.name, status.sort, status.type)
        for pipeline in pipelines
        for status in pipeline.statuses
    } == true_stages(truth)
    assert {
        each.id: (each.name, each.email, each.rights["is_admin"], each.rights["is_active"])
        for each in users
    } == true_users(truth)


def test_aioamocrm_reads_single_entities_filters_and_empty_lists(lab: Lab) -> None:
    truth = lab.truth()
    wanted = [row for row in truth["leads"] if row["contact_ids"] and not row["is_deleted"]][:5]
    stamps = sorted(unix(row["updated_at"]) or 0 for row in truth["leads"])
    span = {"updated_at": {"from": stamps[3], "to": stamps[9]}}

    async def read(amo: AmoCRMClient) -> tuple[Any, ...]:
        ids = {"id": [row["id"] for row in wanted]}
        return (
            await amo.account.get(with_=["version"]),
            [each.id async for each in amo.leads.iterate(filter=ids)],
            [each.updated_at async for each in amo.leads.iterate(
                filter=span, order={"updated_at": "asc"}, limit=3)],
            [each.is_deleted async for each in amo.leads.iterate(with_=["only_deleted"])],
            await amo.leads.links(wanted[0]["id"]),
            [each async for each in amo.leads.iterate(filter={"id": [1]})],
        )  # fmt: skip

    account, ids, moments, trash, links, nothing = with_aioamocrm(lab, read)
    assert (account.name, account.version) == (truth["company"]["name"], 11)
    assert sorted(ids) == sorted(row["id"] for row in wanted)
    living = sorted(unix(r["updated_at"]) or 0 for r in truth["leads"] if not r["is_deleted"])
    assert moments == [at for at in living if stamps[3] <= at <= stamps[9]]
    assert trash == [True] * sum(row["is_deleted"] for row in truth["leads"])
    assert [(link.to_entity_id, link.to_entity_type) for link in links] == [
        (contact_id, "contacts") for contact_id in wanted[0]["contact_ids"]
    ]
    assert nothing == []


def test_aioamocrm_connects_refreshes_and_learns_that_a_token_was_used(lab: Lab) -> None:
    given = lab.control("amocrm/oauth/acme")
    auth = OAuth2(given["client_id"], given["client_secret"], given["redirect_uri"])

    async def work() -> None:
        async with AmoCRMClient(base_url=base_url(lab), auth=auth, rate_limit=None) as amo:
            first = await amo.exchange_code(given["authorization_code"])
            assert (await amo.account.get()).name == lab.truth()["company"]["name"]
            lab.http.put("/control/clock", json={"now": "2031-01-01T00:00:00Z", "rate": 0})
            # The access token is too old by the simulator's clock, and so is the refresh token.
            with pytest.raises(AuthError):
                await amo.account.get()
            lab.http.put("/control/clock", json={"now": None})
            second = await auth.refresh(amo._endpoint)
            assert second.refresh_token != first.refresh_token
            assert (await amo.account.get()).id
            with pytest.raises(AuthError):
                await amo.exchange_code(given["authorization_code"])

    asyncio.run(work())


class Rerouted(httpx.AsyncHTTPTransport):
    """Sends what is meant for amoCRM's hosts to the simulator, the Host header as it was."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self.port)
        return await super().handle_async_request(request)


def test_aioamocrm_finds_an_account_that_moved(lab: Lab) -> None:
    given = lab.control("amocrm/oauth/acme")
    auth = OAuth2(given["client_id"], given["client_secret"], given["redirect_uri"])

    async def work() -> None:
        http = httpx.AsyncClient(transport=Rerouted(lab.server.port))
        path = "/amocrm/accounts/acme"
        old, new = f"https://acme.amocrm.ru{path}", f"https://newname.amocrm.ru{path}"
        async with http, AmoCRMClient(base_url=old, auth=auth, http=http, rate_limit=None) as amo:
            await amo.exchange_code(given["authorization_code"])
            lab.control("switches", amocrm_moved_to="newname.amocrm.ru")
            with pytest.raises(AccountMovedError) as caught:
                await amo.account.get()
            assert caught.value.domain == "newname.amocrm.ru"
            moved = AmoCRMClient(base_url=new, auth=auth, http=http, rate_limit=None)
            assert (await moved.account.get()).name == lab.truth()["company"]["name"]

    asyncio.run(work())


def test_aioamocrm_understands_that_it_is_too_fast(lab: Lab) -> None:
    lab.control("limits", enabled=True, amocrm_per_second=1)

    async def work(amo: AmoCRMClient) -> None:
        amo.retry = RetryPolicy(max_attempts=1)
        await amo.account.get()
        with pytest.raises(RateLimitError):
            await amo.account.get()

    with_aioamocrm(lab, work)


@pytest.mark.parametrize(("language", "region"), WORLDS)
def test_the_wrapper_reads_the_whole_account(
    lab: Lab, wrapper: AmoOAuthClient, language: str, region: str
) -> None:
    lab.load(language=language, region=region, dialogs=60)
    truth = lab.truth()
    leads = list(wrapper.iter_leads(limit=7, with_params=["contacts"]))
    assert {
        each["id"]: (
            each["name"], each["price"], each["pipeline_id"], each["status_id"],
            each["responsible_user_id"], each["loss_reason_id"], each["created_at"],
            each["updated_at"], each["closed_at"],
            [contact["id"] for contact in each["_embedded"]["contacts"]],
        )
        for each in leads
    } == true_leads(truth)  # fmt: skip
    contacts = list(wrapper.iter_contacts(limit=7, with_params=["leads"]))
    assert len(contacts) == len(truth["contacts"]) > 40
    assert {
        each["id"]: (
            each["name"], each["responsible_user_id"],
            [
                value["value"]
                for field in each["custom_fields_values"] or []
                if field["field_code"] == "PHONE"
                for value in field["values"]
            ],
            sorted(lead["id"] for lead in each["_embedded"]["leads"]),
        )
        for each in contacts
    } == true_contacts(truth)  # fmt: skip
    pipelines = wrapper.get_pipelines()["_embedded"]["pipelines"]
    assert {
        (status["pipeline_id"], status["id"]): (status["name"], status["sort"], status["type"])
        for pipeline in pipelines
        for status in pipeline["_embedded"]["statuses"]
    } == true_stages(truth)
    users = wrapper.get_users(with_role=True, with_group=True)["_embedded"]["users"]
    assert {row["id"]: row["name"] for row in users} == {
        row["id"]: row["name"] for row in truth["managers"]
    }
    reasons = wrapper.get_loss_reasons()["_embedded"]["loss_reasons"]
    assert [(row["id"], row["name"]) for row in reasons] == [
        (row["id"], row["name"]) for row in truth["loss_reasons"]
    ]


def test_the_wrapper_reads_every_event_and_those_of_a_span(
    lab: Lab, wrapper: AmoOAuthClient
) -> None:
    lab.load(dialogs=120)
    truth = lab.truth()

    def read(**filters: Any) -> dict[str, tuple[Any, ...]]:
        found: list[dict[str, Any]] = []
        page = 1
        while answer := wrapper.get_events(page=page, **filters):
            found += answer["_embedded"]["events"]
            page += 1
        assert page > 2 or len(found) < 100
        return {
            each["id"]: (
                each["type"], each["entity_type"], each["entity_id"], each["created_by"],
                each["created_at"],
            )
            for each in found
        }  # fmt: skip

    every = true_events(truth)
    assert len(every) > 100
    assert read() == every
    moved = {key: row for key, row in every.items() if row[0] == "lead_status_changed"}
    assert read(filter_by_type=["lead_status_changed"]) == moved
    low, high = sorted(row[4] for row in every.values())[20:60:39]
    assert read(filter_by_created_from=low, filter_by_created_to=high) == {
        key: row for key, row in every.items() if low <= row[4] <= high
    }


def test_the_wrapper_refreshes_by_itself_when_its_token_is_refused(
    lab: Lab, wrapper: AmoOAuthClient
) -> None:
    wrapper._access_token = "stale"
    wrapper._session = wrapper._init_session()
    before = wrapper.refresh_token
    assert wrapper.get_pipelines()["_total_items"] == 2
    assert wrapper.refresh_token != before
