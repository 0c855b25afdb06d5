"""Radist's double over HTTP."""

import re
from datetime import UTC, datetime

from .conftest import Lab

FEED = "messaging/chats/with_contacts/"
MESSAGES = "messaging/messages/"


def instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def feed(lab: Lab, limit: int = 7) -> list[dict]:
    rows, cursor = [], None
    while True:
        answer = lab.radist(FEED, limit=limit, **({"cursor": cursor} if cursor else {})).json()
        rows += answer["data"]
        cursor = answer["response_metadata"].get("next_cursor")
        if not cursor:
            return rows


def chat_history(lab: Lab, chat_id: int, limit: int) -> list[dict]:
    rows: dict[str, dict] = {}
    until = None
    while True:
        page = lab.radist(
            MESSAGES, chat_id=chat_id, limit=limit, **({"until": until} if until else {})
        ).json()
        fresh = [row for row in page if row["message_id"] not in rows]
        rows.update({row["message_id"]: row for row in fresh})
        if len(page) < limit or not fresh:
            return list(rows.values())
        until = min(instant(row["created_at"]) for row in page).isoformat()


def test_the_feed_pages_through_every_contact_newest_activity_first(lab: Lab) -> None:
    rows = feed(lab)
    moments = [instant(row["last_chat_updated_at"]) for row in rows]
    assert moments == sorted(moments, reverse=True)
    chats = [chat["chat_id"] for row in rows for chat in row["chats"]]
    assert sorted(chats) == sorted(d["chat_id"] for d in lab.truth()["dialogs"])


def test_the_feed_holds_the_odd_rows_a_reader_trips_over(lab: Lab) -> None:
    rows = feed(lab)
    assert any(row["is_group"] for row in rows)
    assert any(chat["last_message"] is None for row in rows for chat in row["chats"])
    assert any(len({c["connection_id"] for c in row["chats"]}) > 1 for row in rows)
    assert any(chat["phone"] is None for row in rows for chat in row["chats"])


def test_messages_read_backwards_are_the_true_ones(lab: Lab) -> None:
    dialog = max(lab.truth()["dialogs"], key=lambda row: len(row["messages"]))
    rows = chat_history(lab, dialog["chat_id"], limit=3)
    assert {r["message_id"]: instant(r["created_at"]) for r in rows} == {
        m["message_id"]: instant(m["created_at"]) for m in dialog["messages"]
    }


def test_until_includes_its_instant_unless_switched(lab: Lab) -> None:
    dialog = next(row for row in lab.truth()["dialogs"] if len(row["messages"]) > 2)
    last = dialog["messages"][-1]

    def newest() -> str:
        rows = lab.radist(MESSAGES, chat_id=dialog["chat_id"], until=last["created_at"]).json()
        return str(rows[0]["message_id"])

    assert newest() == last["message_id"]
    lab.control("switches", radist_until_inclusive=False)
    assert newest() == dialog["messages"][-2]["message_id"]


def test_timestamps_come_in_several_formats(lab: Lab) -> None:
    texts = [
        message["created_at"]
        for dialog in lab.truth()["dialogs"]
        for message in lab.radist(MESSAGES, chat_id=dialog["chat_id"]).json()
    ]
    assert any(text.endswith("Z") for text in texts)
    assert any(text.endswith("+03:00") for text in texts)
    assert any(not re.search(r"(Z|[+-]\d\d:\d\d)$", text) for text in texts)


def test_more_than_a_page_of_messages_may_share_one_instant(lab: Lab) -> None:
    chat_id = lab.truth()["dialogs"][0]["chat_id"]
    for number in range(105):
        lab.control(
            "radist/messages",
            tenant="acme",
            chat_id=chat_id,
            direction="inbound",
            text=f"message {number}",
            at="2026-03-05T12:00:00Z",
        )
    rows = lab.radist(MESSAGES, chat_id=chat_id, limit=500, until="2026-03-05T12:00:00Z").json()
    assert len({row["message_id"] for row in rows}) == 100
    assert {instant(row["created_at"]) for row in rows} == {datetime(2026, 3, 5, 12, tzinfo=UTC)}


def test_a_new_message_moves_the_contact_to_the_front(lab: Lab) -> None:
    last = feed(lab)[-1]
    chat_id = last["chats"][0]["chat_id"]
    lab.control("radist/messages", tenant="acme", chat_id=chat_id, direction="inbound", text="?")
    assert feed(lab)[0]["contact_id"] == last["contact_id"]


def test_chats_are_limited_to_one_request_a_second_and_all_to_five(lab: Lab) -> None:
    lab.control("limits", enabled=True)
    assert [lab.radist(FEED).status_code for _ in range(2)] == [200, 429]
    assert [lab.radist("connections/").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_errors_have_the_shape_that_is_switched_on(lab: Lab) -> None:
    lab.control("limits", enabled=True, radist_per_second=0)
    lab.control("switches", radist_retry_after=2, radist_error_body="text")
    answer = lab.radist("connections/")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    assert answer.headers["content-type"].startswith("text/plain")


def test_key_company_and_scope_have_their_own_codes(lab: Lab) -> None:
    fields = lab.loaded["integrations"]["radist"]
    key = {"X-Api-Key": fields["api_key"]}
    assert lab.http.get("/radist/v2/users/me", headers={"X-Api-Key": "x"}).status_code == 401
    assert lab.http.get("/radist/v2/users/me", headers=key).status_code == 200
    assert lab.http.get("/radist/v2/companies/1/connections/", headers=key).status_code == 404
    lab.control("switches", radist_missing_scope=["messaging"])
    assert lab.radist(FEED).status_code == 403


def test_the_last_page_may_end_with_an_empty_cursor(lab: Lab) -> None:
    lab.control("switches", radist_end_cursor="empty")
    assert lab.radist(FEED, limit=100).json()["response_metadata"] == {"next_cursor": ""}


def test_sources_and_messages_are_bare_lists(lab: Lab) -> None:
    assert isinstance(lab.radist("messaging/chats/sources/").json(), list)
    types = {row["type"] for row in lab.radist("connections/").json()["connections"]}
    assert {"whatsapp", "waba", "amocrm"} <= types


def test_a_contact_may_leave_the_next_page_before_it_is_read(lab: Lab) -> None:
    before = [row["contact_id"] for row in feed(lab)]
    lab.control("switches", radist_touch_between_pages=True)
    first = lab.radist(FEED, limit=5).json()
    cursor = first["response_metadata"]["next_cursor"]
    assert [row["contact_id"] for row in first["data"]] == before[:5]
    second = lab.radist(FEED, limit=5, cursor=cursor).json()["data"]
    assert [row["contact_id"] for row in second] == before[6:11]
    lab.control("switches", radist_touch_between_pages=False)
    now = [row["contact_id"] for row in feed(lab)]
    assert now[:2] == [before[11], before[5]]
    assert sorted(now) == sorted(before)


def test_a_chat_may_begin_and_is_first_in_the_feed(lab: Lab) -> None:
    begun = lab.control("radist/chats", tenant="acme", text="Hello")
    newest = feed(lab)[0]
    assert [chat["chat_id"] for chat in newest["chats"]] == [begun["chat_id"]]
    (said,) = chat_history(lab, begun["chat_id"], 100)
    assert (said["message_id"], said["text"]) == (begun["message_id"], {"text": "Hello"})
    assert begun["chat_id"] in {each["chat_id"] for each in lab.truth()["dialogs"]}


def test_the_url_of_a_medium_may_be_good_for_an_hour_only(lab: Lab) -> None:
    chat_id = lab.truth()["dialogs"][0]["chat_id"]
    lab.http.put("/control/clock", json={"now": "2026-03-06T12:00:00Z", "rate": 0})
    sent = {"tenant": "acme", "chat_id": chat_id, "message_type": "image", "text": "Look"}
    lab.control("radist/messages", **sent)

    def url() -> str:
        found: str = chat_history(lab, chat_id, 100)[0]["image"]["url"]
        return found

    lasting = url()
    lab.control("switches", radist_expiring_media=True)
    first = url()
    assert re.fullmatch(rf"{lasting}\?expires=(\d+)&signature=[0-9a-f]+", first)
    assert f"expires={int(instant('2026-03-06T13:00:00Z').timestamp())}&" in first
    lab.http.put("/control/clock", json={"now": "2026-03-06T12:00:09Z", "rate": 0})
    assert url() not in (first, lasting)
