"""amoCRM's tokens over HTTP: rotation, expiry, a lost answer, an account that moved."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from .conftest import Lab

TOKEN = "/amocrm/oauth2/access_token"
DOMAIN = "/oauth2/account/current/subdomain"
CLIENT = ("client_id", "client_secret", "redirect_uri")


def connect(lab: Lab) -> dict[str, Any]:
    """The integration's own fields and its first pair of tokens."""
    given: dict[str, Any] = lab.control("amocrm/oauth/acme")
    return given


def refresh(lab: Lab, pair: dict[str, Any], **changes: Any) -> httpx.Response:
    body = {key: pair[key] for key in (*CLIENT, "refresh_token")}
    return lab.http.post(TOKEN, json={**body, "grant_type": "refresh_token", **changes})


def account(lab: Lab, access_token: str, host: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {access_token}"}
    return httpx.get(f"{host or lab.server.url}/amocrm/api/v4/account", headers=headers)


def claims(access_token: str) -> dict[str, Any]:
    middle = access_token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return found


@pytest.mark.parametrize("status", [400, 401])
def test_a_refresh_token_works_once(lab: Lab, status: int) -> None:
    lab.control("switches", amocrm_used_refresh_status=status)
    pair = connect(lab)
    first = refresh(lab, pair)
    assert first.status_code == 200
    again = refresh(lab, pair)
    assert again.status_code == status
    assert again.json()["hint"] == "Token has been revoked"
    assert account(lab, first.json()["access_token"]).status_code == 200
    assert refresh(lab, {**pair, **first.json()}).status_code == 200


def test_a_lost_answer_burns_the_refresh_token_all_the_same(lab: Lab) -> None:
    pair = connect(lab)
    match = {"provider": "amocrm", "method": "POST", "path": "/oauth2/access_token"}
    lab.control("faults", match=match, action={"drop_after_commit": True})
    with pytest.raises(httpx.TransportError):
        refresh(lab, pair)
    assert refresh(lab, pair).status_code == 400


def test_a_request_lost_on_the_way_burns_nothing(lab: Lab) -> None:
    pair = connect(lab)
    match = {"provider": "amocrm", "method": "POST", "path": "/oauth2/access_token"}
    lab.control("faults", match=match, action={"drop_before": True})
    with pytest.raises(httpx.TransportError):
        refresh(lab, pair)
    assert refresh(lab, pair).status_code == 200


def test_a_wrong_secret_is_refused_and_burns_nothing(lab: Lab) -> None:
    pair = connect(lab)
    assert refresh(lab, pair, client_secret="x").status_code == 401
    assert refresh(lab, pair, redirect_uri="").status_code == 400
    assert refresh(lab, pair).status_code == 200


def test_a_code_gives_tokens_once_and_the_access_token_lives_a_day(lab: Lab) -> None:
    lab.http.put("/control/clock", json={"now": "2026-03-05T10:00:00Z", "rate": 0})
    lab.load()
    body = {**lab.loaded["oauth"], "grant_type": "authorization_code"}
    body["code"] = body.pop("authorization_code")
    pair = lab.http.post(TOKEN, json=body).json()
    assert lab.http.post(TOKEN, json=body).status_code == 400
    assert account(lab, pair["access_token"]).status_code == 200
    lab.http.put("/control/clock", json={"now": "2026-03-06T10:00:01Z", "rate": 0})
    assert account(lab, pair["access_token"]).status_code == 401
    assert refresh(lab, {**body, **pair}).status_code == 200


def test_a_code_lives_twenty_minutes_and_a_refresh_token_three_months(lab: Lab) -> None:
    lab.http.put("/control/clock", json={"now": "2026-03-05T10:00:00Z", "rate": 0})
    body = {**connect(lab), "grant_type": "authorization_code"}
    lab.http.put("/control/clock", json={"now": "2026-03-05T10:20:00Z", "rate": 0})
    body["code"] = body["authorization_code"]
    assert lab.http.post(TOKEN, json=body).status_code == 400
    lab.http.put("/control/clock", json={"now": "2026-06-03T09:59:59Z", "rate": 0})
    fresh = refresh(lab, body).json()
    lab.http.put("/control/clock", json={"now": "2026-09-01T10:00:00Z", "rate": 0})
    assert refresh(lab, {**body, **fresh}).status_code == 400


def test_the_access_token_names_whom_to_ask_for_the_account(lab: Lab) -> None:
    pair = connect(lab)
    said = claims(pair["access_token"])
    assert said["aud"] == pair["client_id"]
    where = httpx.get(
        f"http://{said['api_domain']}{DOMAIN}", headers={"X-Refresh-Token": pair["refresh_token"]}
    )
    assert where.json()["domain"] == lab.server.url.removeprefix("http://")
    assert where.json()["id"] == said["account_id"]


def test_an_account_that_moved_is_found_and_its_token_works_there(lab: Lab) -> None:
    pair = connect(lab)
    moved_to = f"localhost:{lab.server.port}"
    lab.control("switches", amocrm_moved_to=moved_to)
    assert account(lab, pair["access_token"]).status_code == 401
    assert refresh(lab, pair).status_code == 401
    asked = {"X-Refresh-Token": pair["refresh_token"]}
    where = lab.http.get(DOMAIN, headers=asked).json()
    assert where["domain"] == moved_to
    there = f"http://{where['domain']}"
    assert account(lab, pair["access_token"], there).status_code == 200
    body = {key: pair[key] for key in (*CLIENT, "refresh_token")}
    answer = httpx.post(f"{there}{TOKEN}", json={**body, "grant_type": "refresh_token"})
    assert answer.status_code == 200
    assert claims(answer.json()["access_token"])["api_domain"] == moved_to


@pytest.mark.parametrize("token", [None, "", "x"])
def test_who_has_no_good_refresh_token_is_not_told_where_an_account_is(
    lab: Lab, token: str | None
) -> None:
    headers = {} if token is None else {"X-Refresh-Token": token}
    assert lab.http.get(DOMAIN, headers=headers).status_code == 401


def test_a_used_refresh_token_does_not_find_the_account(lab: Lab) -> None:
    pair = connect(lab)
    assert refresh(lab, pair).status_code == 200
    asked = {"X-Refresh-Token": pair["refresh_token"]}
    assert lab.http.get(DOMAIN, headers=asked).status_code == 401


def test_an_accounts_own_address_opens_with_its_own_tokens_only(lab: Lab) -> None:
    lab.load(tenant="beta")
    pair = connect(lab)
    own, others = "/accounts/acme", "/accounts/beta"
    bearer = {"Authorization": f"Bearer {pair['access_token']}"}
    for path, status in ((own, 200), (others, 401), ("", 200)):
        answer = lab.http.get(f"/amocrm{path}/api/v4/account", headers=bearer)
        assert answer.status_code == status
    body = {key: pair[key] for key in (*CLIENT, "refresh_token")} | {"grant_type": "refresh_token"}
    elsewhere = lab.http.post(f"/amocrm{others}/oauth2/access_token", json=body)
    assert elsewhere.status_code in {400, 401}
    assert lab.http.post(f"/amocrm{own}/oauth2/access_token", json=body).status_code == 200


def test_all_tokens_of_an_account_count_against_one_limit(lab: Lab) -> None:
    pair = connect(lab)
    lab.control("limits", enabled=True, amocrm_per_second=2)
    assert lab.amocrm("account").status_code == 200
    assert account(lab, pair["access_token"]).status_code == 200
    assert account(lab, pair["access_token"]).status_code == 429
    assert lab.amocrm("account").status_code == 429


def test_the_log_shows_no_token(lab: Lab) -> None:
    pair = connect(lab)
    lab.http.get(DOMAIN, headers={"X-Refresh-Token": pair["refresh_token"]})
    log = lab.http.get("/control/log", params={"provider": "amocrm"})
    assert [row["path"] for row in log.json()["requests"]] == [DOMAIN]
    assert pair["refresh_token"] not in log.text
