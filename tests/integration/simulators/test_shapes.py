"""Every answer of the simulated amoCRM and Radist has the documented shape."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from synkro_assets.simulators.amocrm.app import READS as AMOCRM_READS
from synkro_assets.simulators.radist.app import READS as RADIST_READS
from tests import shapes

from .conftest import Lab

WORLDS = [("ru", "RU"), ("en", "US"), ("ru", "KZ")]
BEFORE_THE_DAY = "2026-03-01T00:00:00Z"

AMOCRM_CALLS: list[tuple[str, str, dict[str, str]]] = [
    ("account", "account", {"with": "is_api_filter_enabled,datetime_settings,version,amojo_id"}),
    ("users", "users", {"with": "role,group"}),
    ("users/{user_id}", "user", {}),
    ("leads", "leads", {}),
    ("leads", "leads_with_contacts_and_loss_reason", {"with": "contacts,loss_reason"}),
    ("leads", "leads_only_deleted", {"with": "only_deleted"}),
    ("leads/links", "leads_links", {"filter[entity_id][]": "{lead_id}"}),
    ("leads/pipelines", "pipelines", {}),
    ("leads/pipelines/{pipeline_id}", "pipeline", {}),
    ("leads/pipelines/{pipeline_id}/statuses", "statuses", {}),
    ("leads/loss_reasons", "loss_reasons", {}),
    ("leads/{lead_id}", "lead", {}),
    ("leads/{lead_id}/links", "lead_links", {}),
    ("contacts", "contacts", {}),
    ("contacts", "contacts_with_leads", {"with": "leads"}),
    ("contacts/chats", "contact_chats", {"contact_id": "{contact_id}"}),
    ("contacts/{contact_id}", "contact", {}),
    ("events", "events", {}),
    ("events/types", "event_types", {}),
]
RADIST_CALLS: list[tuple[str, str, dict[str, str]]] = [
    ("connections/", "connections", {}),
    ("connections/{connection_id}", "connection", {}),
    ("connections/{connection_id}/", "connection", {}),
    ("messaging/chats/sources/", "sources", {}),
    ("messaging/chats/with_contacts/", "chats_with_contacts", {"limit": "7"}),
    ("messaging/messages/", "messages", {"chat_id": "{chat_id}"}),
]


def hold(provider: str, name: str, response: httpx.Response) -> Any:
    """The answer's body, once it has the shape."""
    answer = shapes.answer_of(response)
    assert shapes.problems(f"{provider}/{name}", answer) == [], str(answer)[:800]
    return answer["body"]


def names(lab: Lab) -> dict[str, Any]:
    """Something of each kind to ask for, all of which exists."""
    truth = lab.truth()
    lead = next(r for r in truth["leads"] if r["contact_ids"] and not r["is_deleted"])
    talker = next(d for d in truth["dialogs"] if d["crm_contact_id"])
    return {
        "user_id": truth["managers"][0]["id"],
        "pipeline_id": truth["pipelines"][0]["id"],
        "lead_id": lead["id"],
        "contact_id": talker["crm_contact_id"],
        "connection_id": talker["connection_id"],
        "chat_id": talker["chat_id"],
    }


def filled(path: str, params: dict[str, str], known: dict[str, Any]) -> tuple[str, dict[str, str]]:
    return path.format(**known), {key: value.format(**known) for key, value in params.items()}


def without_types(path: str) -> str:
    return path.replace(":int", "")


def test_every_path_that_is_served_is_held_to_a_shape() -> None:
    amocrm = {f"/{path}" for path, _, _ in AMOCRM_CALLS}
    assert amocrm == {without_types(path) for path, _, _ in AMOCRM_READS}
    radist = {f"/v2/companies/{{company_id}}/{path}" for path, _, _ in RADIST_CALLS}
    assert radist | {"/v2/users/me", "/v2/companies/"} == {
        without_types(path) for path, _, _ in RADIST_READS
    }


@pytest.mark.parametrize(("language", "region"), WORLDS)
def test_amocrm_answers_as_documented_on_every_page(lab: Lab, language: str, region: str) -> None:
    lab.load(language=language, region=region, dialogs=60)
    known = names(lab)
    for path, shape, params in AMOCRM_CALLS:
        target, query = filled(path, params, known)
        first = hold("amocrm", shape, lab.amocrm(target, **query))
        if "_page" in first:
            pages = 1
            while (
                "next"
                in hold("amocrm", shape, lab.amocrm(target, page=pages, limit=7, **query))["_links"]
            ):
                pages += 1
            assert pages > 1 or shape in ("users", "loss_reasons", "leads_only_deleted"), shape
            hold("amocrm", "no_content", lab.amocrm(target, page=pages + 1, limit=7, **query))


@pytest.mark.parametrize(("language", "region"), WORLDS)
def test_radist_answers_as_documented_on_every_page(lab: Lab, language: str, region: str) -> None:
    lab.load(language=language, region=region, dialogs=60)
    known = names(lab)
    for path, shape, params in RADIST_CALLS:
        target, query = filled(path, params, known)
        hold("radist", shape, lab.radist(target, **query))
    cursor: dict[str, str] = {}
    while True:
        body = hold(
            "radist",
            "chats_with_contacts",
            lab.radist("messaging/chats/with_contacts/", limit=7, **cursor),
        )
        for chat in (chat for contact in body["data"] for chat in contact["chats"]):
            answer = lab.radist("messaging/messages/", chat_id=chat["chat_id"])
            hold("radist", "messages", answer)
        following = body["response_metadata"].get("next_cursor")
        if not following:
            break
        cursor = {"cursor": following}
    keys = {"X-Api-Key": lab.loaded["integrations"]["radist"]["api_key"]}
    hold("radist", "me", lab.http.get("/radist/v2/users/me", headers=keys))
    hold("radist", "companies", lab.http.get("/radist/v2/companies/", headers=keys))


def test_an_account_with_nothing_in_it_answers_as_documented(lab: Lab) -> None:
    lab.http.put("/control/clock", json={"now": BEFORE_THE_DAY, "rate": 0})
    for path in ("leads", "contacts", "events"):
        hold("amocrm", "no_content", lab.amocrm(path))
    hold("amocrm", "no_content", lab.amocrm("leads", **{"with": "only_deleted"}))
    for path in ("users", "leads/pipelines", "leads/loss_reasons"):
        hold("amocrm", path.split("/")[-1], lab.amocrm(path))
    empty = hold("radist", "chats_with_contacts", lab.radist("messaging/chats/with_contacts/"))
    assert empty["data"] == []


@pytest.mark.parametrize("ending", ["null", "empty", "absent"])
@pytest.mark.parametrize("cursor", ["key", "offset"])
def test_radists_cursors_of_every_kind_have_the_shape(lab: Lab, ending: str, cursor: str) -> None:
    lab.control("switches", radist_end_cursor=ending, radist_cursor=cursor)
    for limit in (5, 100):
        answer = lab.radist("messaging/chats/with_contacts/", limit=limit)
        hold("radist", "chats_with_contacts", answer)


ODDITIES: list[dict[str, Any]] = [
    {"amocrm_not_full_pages": True},
    {"amocrm_ignore_filters": True},
    {"amocrm_legacy_enum": True},
    {"amocrm_touch_between_pages": True},
    {"amocrm_unknown_fields": True},
    {"amocrm_absent_loss_reason": True},
]


@pytest.mark.parametrize("oddity", ODDITIES, ids=lambda oddity: next(iter(oddity)))
def test_amocrms_oddities_stay_within_the_documentation(lab: Lab, oddity: dict[str, Any]) -> None:
    lab.control("switches", **oddity)
    known = names(lab)
    for path, shape, params in AMOCRM_CALLS:
        target, query = filled(path, params, known)
        hold("amocrm", shape, lab.amocrm(target, **query))


def test_radists_oddities_stay_within_the_documentation(lab: Lab) -> None:
    odd = ("radist_unknown_fields", "radist_touch_between_pages", "radist_expiring_media")
    lab.control("switches", **dict.fromkeys(odd, True))
    known = names(lab)
    for path, shape, params in RADIST_CALLS:
        target, query = filled(path, params, known)
        hold("radist", shape, lab.radist(target, **query))


@pytest.mark.parametrize("kind", ["image", "file", "audio", "video", "voice", "waba_interactive"])
def test_a_message_of_every_kind_has_the_shape(lab: Lab, kind: str) -> None:
    chat_id = names(lab)["chat_id"]
    lab.control(
        "radist/messages", tenant="acme", chat_id=chat_id, direction="outbound", text="?",
        message_type=kind, at="2026-03-05T12:00:00.5Z",
    )  # fmt: skip
    rows = hold("radist", "messages", lab.radist("messaging/messages/", chat_id=chat_id))
    assert kind in {row["message_type"] for row in rows}


def test_sending_answers_with_the_messages_id(lab: Lab) -> None:
    fields = lab.loaded["integrations"]["radist"]
    answer = lab.http.post(
        f"/radist/v2/companies/{fields['company_id']}/messaging/messages/",
        json={"chat_id": names(lab)["chat_id"], "message_type": "text", "text": {"text": "Да"}},
        headers={"X-Api-Key": fields["api_key"]},
    )
    hold("radist", "sent", answer)


def test_amocrms_refusals_have_the_documented_shape(lab: Lab) -> None:
    hold("amocrm", "problem", lab.amocrm("leads", **{"order[name]": "asc"}))
    hold("amocrm", "problem", lab.amocrm("leads/1"))
    hold("amocrm", "problem", lab.amocrm("nowhere"))
    hold("amocrm", "problem", lab.http.get("/amocrm/api/v4/account"))
    hold("amocrm", "too_long", lab.amocrm("leads", query="x" * 9000))
    for switch in (
        {"amocrm_unpaid": True},
        {"amocrm_unpaid": False, "amocrm_forbidden": ["leads"]},
    ):
        lab.control("switches", **switch)
        hold("amocrm", "problem", lab.amocrm("leads"))
    lab.control("switches", amocrm_forbidden=[], amocrm_missing_as_204=True)
    hold("amocrm", "no_content", lab.amocrm("leads/1"))
    lab.control("limits", enabled=True, amocrm_per_second=0, amocrm_ban_after=2)
    hold("amocrm", "rate_limited", lab.amocrm("account"))
    lab.control("switches", amocrm_html_429=True)
    assert "<html>" in hold("amocrm", "rate_limited", lab.amocrm("account"))
    hold("amocrm", "problem", lab.amocrm("account"))


@pytest.mark.parametrize("body", ["detail", "text", "empty"])
def test_radists_refusals_keep_to_what_is_known_of_them(lab: Lab, body: str) -> None:
    lab.control("switches", radist_error_body=body, radist_missing_scope=["messaging"])
    hold("radist", "refused", lab.http.get("/radist/v2/users/me"))
    hold("radist", "refused", lab.radist("messaging/messages/", chat_id="1"))
    hold("radist", "refused", lab.radist("connections/1"))
    lab.control("switches", radist_missing_scope=[], radist_cursor_expired=True)
    hold("radist", "refused", lab.radist("messaging/chats/with_contacts/", cursor="eA=="))
    lab.control("limits", enabled=True, radist_per_second=0)
    hold("radist", "refused", lab.radist("connections/"))


def test_the_token_endpoint_answers_as_documented(lab: Lab) -> None:
    given = {**lab.loaded["oauth"], "grant_type": "authorization_code"}
    given["code"] = given.pop("authorization_code")
    pair = hold("amocrm", "token", lab.http.post("/amocrm/oauth2/access_token", json=given))
    hold("amocrm", "token_refused", lab.http.post("/amocrm/oauth2/access_token", json=given))
    again = {**given, "grant_type": "refresh_token", "refresh_token": pair["refresh_token"]}
    second = hold("amocrm", "token", lab.http.post("/amocrm/oauth2/access_token", json=again))
    for status in (400, 401):
        lab.control("switches", amocrm_used_refresh_status=status)
        refused = lab.http.post("/amocrm/oauth2/access_token", json=again)
        assert refused.status_code == status
        hold("amocrm", "token_refused", refused)
    asked = {"X-Refresh-Token": second["refresh_token"]}
    where = lab.http.get("/amocrm/oauth2/account/current/subdomain", headers=asked)
    hold("amocrm", "account_domain", where)
