"""Every answer of the simulated Resend, Whapi and Mobizon has the documented shape."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests import shapes

from .conftest import Lab

MAIL = {"subject": "Отчёт", "text": "Готов"}


def hold(name: str, response: httpx.Response) -> Any:
    """The answer's body, once it has the shape."""
    answer = shapes.answer_of(response)
    assert shapes.problems(name, answer) == [], str(answer)[:800]
    return answer["body"]


def ask(lab: Lab, kind: str, method: str, path: str, **given: Any) -> httpx.Response:
    """A request to a provider, signed as the tenant signs it."""
    fields = lab.loaded["senders"][kind]
    if kind == "mobizon":
        given["params"] = {"output": "json", "api": "v1", "apiKey": fields["api_key"]}
    else:
        bearer = fields.get("api_key") or fields["token"]
        given["headers"] = {"Authorization": f"Bearer {bearer}", **given.get("headers", {})}
    return lab.http.request(method, f"/{kind}{path}", **given)


def mail(lab: Lab, key: str | None = None, **changes: Any) -> httpx.Response:
    fields = lab.loaded["senders"]["resend"]
    document = {**MAIL, "from": fields["from"], "to": fields["to"], **changes}
    headers = {"Idempotency-Key": key} if key is not None else {}
    return ask(lab, "resend", "POST", "/emails", json=document, headers=headers)


def inbox(lab: Lab, kind: str) -> list[dict[str, Any]]:
    answer = lab.http.get(f"/control/inbox/{kind}?tenant=acme").json()
    messages: list[dict[str, Any]] = answer["messages"]
    return messages


def test_resend_answers_as_documented(lab: Lab) -> None:
    hold("resend/domains", ask(lab, "resend", "GET", "/domains"))
    sent = hold("resend/sent", mail(lab))
    found = hold("resend/email", ask(lab, "resend", "GET", f"/emails/{sent['id']}"))
    assert found["id"] == sent["id"]


@pytest.mark.parametrize(
    ("changes", "status", "name"),
    [
        ({"text": ""}, 422, "missing_required_field"),
        ({"to": []}, 422, "missing_required_field"),
        ({"from": "Synkro"}, 422, "invalid_from_address"),
        ({"from": "a@other.example"}, 403, "validation_error"),
        ({"from": "a@resend.dev", "to": ["x@y.example"]}, 403, "validation_error"),
        ({"key": "x" * 257}, 400, "invalid_idempotency_key"),
    ],
)
def test_resend_names_what_it_does_not_accept(
    lab: Lab, changes: dict[str, Any], status: int, name: str
) -> None:
    refused = hold("resend/refused", mail(lab, **changes))
    assert (refused["statusCode"], refused["name"]) == (status, name)


def test_resend_delivers_once_under_a_key_and_for_a_day(lab: Lab) -> None:
    before = len(inbox(lab, "resend"))
    lab.http.put("/control/clock", json={"now": "2026-03-05T10:00:00Z", "rate": 0})
    first = hold("resend/sent", mail(lab, "shapes"))
    assert hold("resend/sent", mail(lab, "shapes")) == first
    refused = hold("resend/refused", mail(lab, "shapes", text="other"))
    assert refused["name"] == "invalid_idempotent_request"
    assert len(inbox(lab, "resend")) == before + 1
    lab.http.put("/control/clock", json={"now": "2026-03-06T10:00:01Z", "rate": 0})
    assert hold("resend/sent", mail(lab, "shapes")) != first


def test_resend_refuses_as_documented(lab: Lab) -> None:
    names = [hold("resend/refused", lab.http.get("/resend/domains"))["name"]]
    wrong = {"Authorization": "Bearer re_wrong"}
    names.append(hold("resend/refused", lab.http.get("/resend/domains", headers=wrong))["name"])
    names.append(hold("resend/refused", ask(lab, "resend", "GET", "/emails/none"))["name"])
    names.append(hold("resend/refused", ask(lab, "resend", "DELETE", "/domains"))["name"])
    lab.control("switches", resend_key_only_sends=True, resend_quota="daily")
    names.append(hold("resend/refused", ask(lab, "resend", "GET", "/domains"))["name"])
    names.append(hold("resend/refused", mail(lab))["name"])
    lab.control("limits", enabled=True, resend_per_second=0)
    throttled = mail(lab)
    names.append(hold("resend/refused", throttled)["name"])
    assert throttled.headers["retry-after"] == "1"
    assert names == [
        "missing_api_key", "invalid_api_key", "not_found", "method_not_allowed",
        "restricted_api_key", "daily_quota_exceeded", "rate_limit_exceeded",
    ]  # fmt: skip


@pytest.mark.parametrize("state", ["INIT", "LAUNCH", "QR", "STOP", "SYNC_ERROR"])
def test_a_whapi_channel_that_is_not_connected_sends_nothing(lab: Lab, state: str) -> None:
    lab.control("switches", whapi_state=state)
    before = inbox(lab, "whapi")
    assert hold("whapi/health", ask(lab, "whapi", "GET", "/health"))["status"]["text"] == state
    message = {"to": "77010000000", "body": "Да"}
    hold("whapi/not_sent", ask(lab, "whapi", "POST", "/messages/text", json=message))
    assert inbox(lab, "whapi") == before


@pytest.mark.parametrize("to", ["77010000000", "77010000000@s.whatsapp.net", "120363@g.us"])
def test_whapi_sends_to_numbers_and_groups(lab: Lab, to: str) -> None:
    message = {"to": to, "body": "Да"}
    sent = hold("whapi/sent", ask(lab, "whapi", "POST", "/messages/text", json=message))
    assert inbox(lab, "whapi")[-1] == {**message, "id": sent["message"]["id"]}


def test_whapi_refuses_as_documented(lab: Lab) -> None:
    hold("whapi/refused", lab.http.get("/whapi/health"))
    hold("whapi/refused", ask(lab, "whapi", "GET", "/nowhere"))
    for message in ({"to": "77010000000@c.us", "body": "Да"}, {"to": "77010000000"}, []):
        refused = ask(lab, "whapi", "POST", "/messages/text", json=message)
        assert hold("whapi/refused", refused)["error"]["code"] == 400


def sms(lab: Lab, **form: str) -> httpx.Response:
    return ask(lab, "mobizon", "POST", "/service/message/sendSmsMessage", data=form)


def test_mobizon_answers_as_documented(lab: Lab) -> None:
    hold("mobizon/balance", ask(lab, "mobizon", "GET", "/service/user/getOwnBalance"))
    sent = hold("mobizon/sent", sms(lab, recipient="77010000000", text="Да"))["data"]
    assert inbox(lab, "mobizon")[-1]["id"] == sent["messageId"]
    asked = {"ids": sent["messageId"]}
    shown = ask(lab, "mobizon", "POST", "/service/message/getSmsStatus", data=asked)
    assert hold("mobizon/status", shown)["data"][0]["status"] == "DELIVRD"
    lab.control("switches", mobizon_in_background=True)
    hold("mobizon/in_background", sms(lab, recipient="77010000000", text="Да"))


def test_mobizon_says_by_its_code_what_is_wrong(lab: Lab) -> None:
    answers = [
        sms(lab, text="Да"),
        sms(lab, recipient="12", text="Да"),
        ask(lab, "mobizon", "GET", "/service/nothing/at"),
        ask(lab, "mobizon", "GET", "/service/user/nothing"),
        lab.http.get("/mobizon/service/user/getOwnBalance"),
        lab.http.get("/mobizon/service/user/getOwnBalance?output=json&api=v1&apiKey=no"),
    ]
    lab.control("switches", mobizon_code=13)
    answers.append(ask(lab, "mobizon", "GET", "/service/user/getOwnBalance"))
    codes = [hold("mobizon/refused", each)["code"] for each in answers]
    assert codes == [11, 1, 4, 5, 6, 8, 13]
    assert hold("mobizon/refused", answers[-1])["data"] == "api.mobizon.ua"


def test_no_key_is_in_the_log_of_the_simulators(lab: Lab) -> None:
    ask(lab, "mobizon", "GET", "/service/user/getOwnBalance")
    (row,) = lab.http.get("/control/log?provider=mobizon").json()["requests"]
    assert row["query"] == "output=json&api=v1&apiKey=***"


def test_there_are_no_other_inboxes(lab: Lab) -> None:
    assert lab.http.get("/control/inbox/telegram?tenant=acme").status_code == 404
