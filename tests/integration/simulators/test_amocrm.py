"""amoCRM's double over HTTP."""

import time

import httpx
import pytest

from .conftest import Lab


def pages(lab: Lab, path: str, entity: str, **params: object) -> list[dict]:
    rows, page = [], 1
    while True:
        answer = lab.amocrm(path, page=page, **params)
        if answer.status_code == 204:
            return rows
        rows += answer.json()["_embedded"][entity]
        if "next" not in answer.json()["_links"]:
            return rows
        page += 1


def test_an_empty_page_answers_204_without_a_body(lab: Lab) -> None:
    answer = lab.amocrm("leads", page=99)
    assert (answer.status_code, answer.content) == (204, b"")


def test_all_pages_together_hold_every_lead_that_is_not_deleted(lab: Lab) -> None:
    expected = {row["id"] for row in lab.truth()["leads"] if not row["is_deleted"]}
    rows = pages(lab, "leads", "leads", limit=7, **{"order[id]": "asc"})
    assert [row["id"] for row in rows] == sorted(expected)
    assert min(expected) > 2**31


def test_next_is_absolute_and_keeps_the_query(lab: Lab) -> None:
    answer = lab.amocrm("leads", limit=5, **{"with": "contacts"}).json()
    following = answer["_links"]["next"]["href"]
    assert following.startswith(lab.server.url + "/amocrm/accounts/acme/api/v4/leads?")
    bearer = lab.loaded["integrations"]["amocrm"]["long_lived_token"]
    second = httpx.get(following, headers={"Authorization": f"Bearer {bearer}"}).json()
    assert second["_page"] == 2
    assert "contacts" in second["_embedded"]["leads"][0]["_embedded"]


def test_a_page_may_be_short_and_still_have_next(lab: Lab) -> None:
    lab.control("switches", amocrm_not_full_pages=True)
    answer = lab.amocrm("leads", limit=5).json()
    assert len(answer["_embedded"]["leads"]) == 4
    assert "next" in answer["_links"]
    everything = {row["id"] for row in lab.truth()["leads"] if not row["is_deleted"]}
    assert {row["id"] for row in pages(lab, "leads", "leads", limit=5)} == everything


def test_the_updated_at_filter_includes_both_ends(lab: Lab) -> None:
    lead = lab.amocrm("leads", limit=1).json()["_embedded"]["leads"][0]
    at = lead["updated_at"]
    span = {"filter[updated_at][from]": at, "filter[updated_at][to]": at}
    assert lead["id"] in [row["id"] for row in pages(lab, "leads", "leads", **span)]
    span = {"filter[updated_at][from]": at + 1, "filter[updated_at][to]": at + 9**9}
    assert lead["id"] not in [row["id"] for row in pages(lab, "leads", "leads", **span)]


def test_deleted_leads_come_only_when_asked_for(lab: Lab) -> None:
    trash = pages(lab, "leads", "leads", **{"with": "only_deleted"})
    assert trash
    assert all(row["is_deleted"] for row in trash)
    assert not any(row["is_deleted"] for row in pages(lab, "leads", "leads"))


def test_the_loss_reason_is_a_list_and_only_when_asked_for(lab: Lab) -> None:
    rows = pages(lab, "leads", "leads", **{"with": "loss_reason"})
    lost = [row for row in rows if row["loss_reason_id"]]
    assert lost
    for row in lost:
        (reason,) = row["_embedded"]["loss_reason"]
        assert reason["id"] == row["loss_reason_id"]
        assert row["status_id"] == 143
    assert "loss_reason" not in lab.amocrm("leads").json()["_embedded"]["leads"][0]["_embedded"]


def test_the_same_closing_stages_have_other_names_in_each_pipeline(lab: Lab) -> None:
    pipelines = lab.amocrm("leads/pipelines").json()["_embedded"]["pipelines"]
    names = [
        {s["id"]: s["name"] for s in p["_embedded"]["statuses"] if s["id"] in (142, 143)}
        for p in pipelines
    ]
    assert [set(by_id) for by_id in names] == [{142, 143}, {142, 143}]
    assert names[0][142] != names[1][142]


def test_events_accept_both_filter_forms_and_at_most_100_a_page(lab: Lab) -> None:
    lab.load(dialogs=120)
    truth = lab.truth()
    assert len(lab.amocrm("events", limit=250).json()["_embedded"]["events"]) == 100
    kinds = {"filter[type]": "lead_added,lead_deleted"}
    expected = {e["id"] for e in truth["events"] if e["type"] in ("lead_added", "lead_deleted")}
    assert {e["id"] for e in pages(lab, "events", "events", limit=100, **kinds)} == expected
    both = {"filter[type][0]": "lead_added", "filter[type][1]": "lead_deleted"}
    assert {e["id"] for e in pages(lab, "events", "events", limit=100, **both)} == expected
    one = lab.amocrm("events", limit=1).json()["_embedded"]["events"][0]["created_at"]
    comma = pages(lab, "events", "events", **{"filter[created_at]": f"{one},{one}"})
    brackets = {"filter[created_at][from]": one, "filter[created_at][to]": one}
    assert {row["created_at"] for row in comma} == {one}
    assert comma == pages(lab, "events", "events", **brackets)


def test_one_instant_as_a_filter_means_from_then_on(lab: Lab) -> None:
    rows = pages(lab, "events", "events", limit=100)
    since = rows[len(rows) // 2]["created_at"]
    found = pages(lab, "events", "events", limit=100, **{"filter[created_at]": since})
    assert found == [row for row in rows if row["created_at"] >= since]
    assert 0 < len(found) < len(rows)


def test_a_leads_creation_does_not_tell_its_stage(lab: Lab) -> None:
    rows = pages(lab, "events", "events", **{"filter[type]": "lead_added"})
    assert rows
    assert all(set(row["value_after"][0]) == {"note"} for row in rows)


def test_a_lead_in_the_trash_shows_its_id_and_date_alone(lab: Lab) -> None:
    (row,) = pages(lab, "leads", "leads", **{"with": "only_deleted"})
    assert set(row) == {"id", "updated_at", "is_deleted"}
    lab.control("switches", amocrm_whole_trash=True)
    (whole,) = pages(lab, "leads", "leads", **{"with": "only_deleted"})
    assert whole.items() > row.items()
    assert whole["name"]


def test_a_lead_that_was_not_lost_may_have_no_list_of_reasons(lab: Lab) -> None:
    lab.control("switches", amocrm_absent_loss_reason=True)
    rows = pages(lab, "leads", "leads", **{"with": "loss_reason"})
    assert {bool(row["loss_reason_id"]) for row in rows} == {True, False}
    for row in rows:
        assert ("loss_reason" in row["_embedded"]) == bool(row["loss_reason_id"])


def test_contacts_carry_phones_as_people_write_them(lab: Lab) -> None:
    rows = pages(lab, "contacts", "contacts", **{"with": "leads"})
    counts = {len(row["_embedded"]["leads"]) for row in rows}
    assert {0, 1, 2} <= counts
    written = {
        value["value"]
        for row in rows
        for field in row["custom_fields_values"] or []
        if field["field_code"] == "PHONE"
        for value in field["values"]
    }
    expected = {p["value"] for contact in lab.truth()["contacts"] for p in contact["phones"]}
    assert written == expected
    assert any("," in value for value in written)
    assert any("доб." in value for value in written)


def test_links_of_many_leads_come_in_one_answer(lab: Lab) -> None:
    wanted = [row for row in lab.truth()["leads"] if row["contact_ids"]][:3]
    answer = lab.amocrm("leads/links", **{"filter[entity_id][]": [row["id"] for row in wanted]})
    links = answer.json()["_embedded"]["links"]
    assert {(row["entity_id"], row["to_entity_id"]) for row in links} == {
        (row["id"], row["contact_ids"][0]) for row in wanted
    }


def test_the_eighth_request_in_a_second_answers_429_and_breaches_end_in_403(lab: Lab) -> None:
    lab.control("limits", enabled=True, amocrm_ban_after=3)
    codes = [lab.amocrm("account").status_code for _ in range(12)]
    assert codes == [200] * 7 + [429] * 3 + [403] * 2


def test_a_ban_ends_when_it_has_lasted_long_enough(lab: Lab) -> None:
    lab.http.put("/control/clock", json={"now": "2026-03-06T10:00:00Z", "rate": 0})
    lab.control(
        "limits", enabled=True, amocrm_per_second=0, amocrm_ban_after=2, amocrm_ban_seconds=3600
    )
    assert [lab.amocrm("account").status_code for _ in range(3)] == [429, 429, 403]
    lab.http.put("/control/clock", json={"now": "2026-03-06T10:59:59Z", "rate": 0})
    assert lab.amocrm("account").status_code == 403
    lab.http.put("/control/clock", json={"now": "2026-03-06T11:00:00Z", "rate": 0})
    assert lab.amocrm("account").status_code == 429


def test_a_429_may_be_an_html_page(lab: Lab) -> None:
    lab.control("limits", enabled=True, amocrm_per_second=0)
    lab.control("switches", amocrm_html_429=True)
    answer = lab.amocrm("account")
    assert answer.status_code == 429
    assert answer.headers["content-type"].startswith("text/html")


def test_requests_are_allowed_again_when_the_second_has_passed(lab: Lab) -> None:
    lab.control("limits", enabled=True, amocrm_per_second=1)
    assert [lab.amocrm("account").status_code for _ in range(2)] == [200, 429]
    time.sleep(1.05)
    assert lab.amocrm("account").status_code == 200


@pytest.mark.parametrize(
    ("switch", "code"),
    [({"amocrm_unpaid": True}, 402), ({"amocrm_forbidden": ["leads"]}, 403)],
)
def test_account_trouble_has_its_own_code(lab: Lab, switch: dict, code: int) -> None:
    lab.control("switches", **switch)
    answer = lab.amocrm("leads")
    assert answer.status_code == code
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_wrong_token_answers_401_and_a_write_405(lab: Lab) -> None:
    url = "/amocrm/api/v4/leads"
    assert lab.http.get(url, headers={"Authorization": "Bearer x"}).status_code == 401
    assert lab.http.post(url, json=[]).status_code == 405


def test_a_long_url_answers_414(lab: Lab) -> None:
    ids = list(range(10**9, 10**9 + 400))
    assert lab.amocrm("leads", **{"filter[id][]": ids}).status_code == 414
    assert lab.amocrm("leads", **{"filter[id][]": ids[:100]}).status_code == 204
    lab.control("switches", amocrm_longest_address=1_000_000)
    assert lab.amocrm("leads", **{"filter[id][]": ids * 4}).status_code == 204


def test_leads_may_begin_at_ids_that_fit_32_bits(lab: Lab) -> None:
    assert lab.load(lead_base=0).status_code == 400
    assert lab.load(lead_base=1_000_000_000).status_code == 200
    assert all(2**30 - 10**8 < row["id"] < 2**31 for row in lab.truth()["leads"])


def test_changing_a_lead_makes_an_event_and_moves_updated_at(lab: Lab) -> None:
    lab.http.put("/control/clock", json={"now": "2026-03-07T10:00:00Z", "rate": 0})
    lead = next(r for r in lab.truth()["leads"] if r["status_id"] not in (142, 143))
    changed = lab.control(f"amocrm/leads/acme/{lead['id']}", status_id=142)
    assert changed["updated_at"] == 1772877600
    event = lab.amocrm("events", limit=1).json()["_embedded"]["events"][0]
    assert (event["entity_id"], event["type"]) == (lead["id"], "lead_status_changed")
    assert event["value_after"][0]["lead_status"]["id"] == 142
    assert event["value_before"][0]["lead_status"]["id"] == lead["status_id"]


def test_many_leads_of_one_second_lie_across_the_edge_of_a_page(lab: Lab) -> None:
    lab.http.put("/control/clock", json={"now": "2026-03-07T10:00:00.7Z", "rate": 0})
    imported = lab.control("amocrm/leads/acme", count=300, at="2026-03-07T09:00:00Z")["ids"]
    at = 1772874000
    span = {"filter[updated_at][from]": at, "filter[updated_at][to]": at}
    order = {"order[updated_at]": "asc", "with": "contacts", "limit": 250}
    rows = pages(lab, "leads", "leads", **span, **order)
    assert sorted(row["id"] for row in rows) == sorted(imported)
    assert {len(row["_embedded"]["contacts"]) for row in rows} == {1}
    known = {row["id"] for row in lab.truth()["leads"]}
    assert known.issuperset(imported)
    later = lab.control("amocrm/leads/acme", count=2)["ids"]
    assert not set(later) & set(imported)
    assert lab.amocrm(f"leads/{later[0]}").json()["created_at"] == at + 3600
    events = pages(lab, "events", "events", limit=100, **{"filter[type]": "lead_added"})
    assert {row["entity_id"] for row in events}.issuperset([*imported, *later])


def test_an_import_of_the_future_or_of_nothing_is_refused(lab: Lab) -> None:
    for body in ({"count": 0}, {"count": 9999}, {"at": "2099-01-01T00:00:00Z"}, {"count": "x"}):
        assert lab.http.post("/control/amocrm/leads/acme", json=body).status_code == 400


def test_every_answer_has_an_id_of_its_own_unless_switched(lab: Lab) -> None:
    lab.control("switches", amocrm_forbidden=["users"])
    answers = [lab.amocrm("leads"), lab.amocrm("users"), lab.amocrm("leads", page=999)]
    assert [each.status_code for each in answers] == [200, 403, 204]
    assert len({each.headers["x-request-id"] for each in answers}) == 3
    lab.control("switches", amocrm_request_id=False)
    assert "x-request-id" not in lab.amocrm("leads").headers


def test_a_page_may_hold_fewer_rows_than_are_asked_for(lab: Lab) -> None:
    lab.control("switches", amocrm_max_limit=7)
    for entity in ("leads", "contacts", "events"):
        answer = lab.amocrm(entity, limit=50).json()
        assert len(answer["_embedded"][entity]) == 7
        assert "next" in answer["_links"]


def test_a_lead_may_come_back_from_the_trash(lab: Lab) -> None:
    (lead, *_) = lab.amocrm("leads").json()["_embedded"]["leads"]
    for is_deleted, kind in ((True, "lead_deleted"), (False, "lead_restored")):
        lab.control(f"amocrm/leads/acme/{lead['id']}", is_deleted=is_deleted)
        assert (lab.amocrm(f"leads/{lead['id']}").status_code == 404) is is_deleted
        (newest, *_) = lab.amocrm("events").json()["_embedded"]["events"]
        assert (newest["type"], newest["entity_id"]) == (kind, lead["id"])


def test_a_contact_may_get_another_name_and_number(lab: Lab) -> None:
    known = lab.truth()["contacts"][0]["id"]
    lab.http.put("/control/clock", json={"now": "2026-03-06T12:00:00Z", "rate": 0})
    lab.control(f"amocrm/contacts/acme/{known}", name="Renamed", phones=["+79123456789"])
    shown = lab.amocrm(f"contacts/{known}").json()
    assert shown["name"] == "Renamed"
    assert shown["updated_at"] == 1_772_798_400
    (phone,) = (row for row in shown["custom_fields_values"] if row["field_code"] == "PHONE")
    assert [each["value"] for each in phone["values"]] == ["+79123456789"]
    told = {each["id"]: each for each in lab.truth()["contacts"]}[known]
    assert told["phones"] == [{"value": "+79123456789", "e164": ["+79123456789"]}]


def test_the_search_finds_digits_whatever_stands_between_them(lab: Lab) -> None:
    for contact in lab.truth()["contacts"]:
        for e164 in (number for phone in contact["phones"] for number in phone["e164"]):
            found = pages(lab, "contacts", "contacts", query=e164[2:], limit=3)
            assert contact["id"] in [row["id"] for row in found], contact["phones"]


def test_the_search_does_not_read_on_from_one_number_into_the_next(lab: Lab) -> None:
    several = [each for each in lab.truth()["contacts"] if len(each["phones"]) > 1]
    assert several
    for contact in several:
        one, next_one = ("".join(filter(str.isdigit, p["value"])) for p in contact["phones"][:2])
        assert lab.amocrm("contacts", query=one[-7:] + next_one[:7]).status_code == 204


def test_the_search_finds_names_and_parts_of_numbers_too(lab: Lab) -> None:
    of_nobody = [each for each in lab.truth()["contacts"] if each["name"].startswith("+")]
    assert of_nobody
    for contact in of_nobody:
        found = pages(lab, "contacts", "contacts", query=contact["name"][2:])
        assert contact["id"] in [row["id"] for row in found]
        assert contact["name"] not in [n for phone in contact["phones"] for n in phone["e164"]]
    assert len(pages(lab, "contacts", "contacts", query="912345")) < len(lab.truth()["contacts"])
    assert lab.amocrm("contacts", query="5550000000000").status_code == 204
