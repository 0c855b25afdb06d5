"""Supabase: every page is read, what may be repeated is, and each refusal says what to do."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import httpx
import pytest

from synkro_assets.domain.errors import (
    ProviderRefused,
    ProviderUnavailable,
    RateLimited,
    UsageProblem,
)
from synkro_assets.providers import supabase
from synkro_assets.providers.supabase.errors import MissingColumn, MissingTable, ProjectPaused

KEY = "sb_secret_abcdefgh12345678"
HTML = {"content": b"<html>down</html>", "headers": {"content-type": "text/html"}}
FILTERS = {"tenant_id": "t"}


@pytest.fixture
def connect(surroundings):
    def connect(handler, **secrets):
        secrets = {"service_role_key": KEY, **secrets}
        transport = httpx.MockTransport(handler)
        public = {"base_url": "https://ref.supabase.co/"}
        return supabase.client(public, secrets, transport=transport, **surroundings.given())

    return connect


def table_of(total, *, cap, shown=None):
    """A table with so many rows, of which a request is shown ``cap`` at most."""

    def handler(request):
        asked = parse_qs(request.url.query.decode())
        offset, limit = int(asked["offset"][0]), int(asked["limit"][0])
        assert asked["order"] == ["id.asc"]
        last = min(offset + min(limit, cap), shown if shown is not None else total)
        rows = [{"id": each} for each in range(offset, last)]
        span = f"{offset}-{offset + len(rows) - 1}" if rows else "*"
        return httpx.Response(206, json=rows, headers={"content-range": f"{span}/{total}"})

    return handler


def failing(status, code=None, message="no", **more):
    body = {"code": code, "message": message, "details": None, "hint": None}
    return lambda request: httpx.Response(status, **(more or {"json": body}))


@pytest.mark.parametrize("total", [0, 1, 7, 10, 11, 1000, 2001])
@pytest.mark.parametrize("cap", [10, 1000])
def test_all_rows_are_read_however_few_the_project_shows_at_once(connect, total, cap):
    client = connect(table_of(total, cap=cap))
    assert [row["id"] for row in client.read("leads", ["id"], FILTERS)] == list(range(total))


def test_fewer_rows_than_were_counted_are_no_whole_table(connect):
    client = connect(table_of(30, cap=10, shown=20))
    with pytest.raises(ProviderUnavailable, match="shows 20 of 30 rows of leads"):
        list(client.read("leads", ["id"], FILTERS))


def test_a_missing_count_is_no_zero(connect, surroundings):
    client = connect(lambda request: httpx.Response(200, json=[]))
    with pytest.raises(ProviderUnavailable, match="without the count"):
        client.count("leads", FILTERS)
    assert len(surroundings.slept) == 4


def test_an_upsert_names_its_key_and_columns_and_counts_what_was_taken(connect, surroundings):
    requests = []

    def handler(request):
        requests.append(request)
        return httpx.Response(201, headers={"content-range": "*/2"})

    rows = [{"id": 2**53 + 1, "name": "Имя 🙂"}, {"id": 2, "name": None}]
    assert connect(handler).upsert("leads", rows, ["tenant_id", "id"]) == 2
    (request,) = requests
    asked = parse_qs(request.url.query.decode())
    assert request.url.path == "/rest/v1/leads"
    assert asked["on_conflict"] == ["tenant_id,id"]
    assert json.loads(request.content) == rows
    wants = request.headers["prefer"]
    assert "resolution=merge-duplicates" in wants and "return=minimal" in wants
    (row,) = surroundings.log.rows
    assert (row.provider, row.action, row.method) == ("Supabase", "upsert leads", "POST")
    assert (row.path, row.status, row.attempt) == ("/rest/v1/leads", 201, 1)
    assert KEY not in repr(row) and "Имя" not in repr(row)
    assert surroundings.limiter.acquired == [("all", 20.0)]


def test_a_filter_is_a_value_a_list_or_nothing(connect):
    requests = []

    def handler(request):
        requests.append(parse_qs(request.url.query.decode()))
        return httpx.Response(204, headers={"content-range": "*/0"})

    connect(handler).delete("m", {"a": "t", "b": ["x", 'y,"z"'], "c": None})
    assert requests == [{"a": ["eq.t"], "b": ['in.(x,"y,\\"z\\"")'], "c": ["is.null"]}]


REFUSALS = {
    "table": (404, "PGRST205", "the table 'public.leads' in", MissingTable, "table leads: paste"),
    "sql table": (404, "42P01", 'relation "public.leads" does', MissingTable, "no table leads:"),
    "column": (
        400, "PGRST204", "the 'x' column of 'leads' in", MissingColumn, "no column x in leads:",
    ),
    "sql column": (
        400, "42703", "column leads.x does not exist", MissingColumn, "no column leads.x: paste",
    ),
    "no key to conflict with": (400, "42P10", "no", ProviderRefused, "lacks the key Synkro needs"),
    "row security": (403, "42501", "denied", ProviderRefused, "(denied): paste what"),
    "token": (401, "PGRST301", "JWT", ProviderRefused, "save the secret (service_role) key"),
    "expired": (401, "PGRST303", "JWT expired", ProviderRefused, "(JWT expired): save the secret"),
    "twice": (500, "21000", "no", ProviderRefused, "names a row twice"),
    "twice, by another server": (400, "21000", "no", ProviderRefused, "names a row twice"),
    "unique": (409, "23505", "no", ProviderRefused, "refused the request (status 409)"),
    "statement timeout": (500, "57014", "no", ProviderUnavailable, "not well (status 500)"),
    "schema cache": (503, "PGRST002", "no", ProviderUnavailable, "not well (status 503)"),
    "gateway's word": (401, None, "Invalid API key", ProviderRefused, "(Invalid API key): save"),
    "gateway's number": (503, 503, "no name", ProviderUnavailable, "does not answer"),
    "another path": (404, None, "no Route", ProviderRefused, "there is no Supabase project"),
    "paused": (540, None, "paused", ProjectPaused, "is paused: restore it"),
    "too many": (429, None, "slow down", RateLimited, "too many requests"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_each_refusal_says_what_is_wrong_and_is_repeated_only_if_that_can_help(
    connect, surroundings, case
):
    status, code, message, kind, says = REFUSALS[case]
    with pytest.raises(kind) as refused:
        connect(failing(status, code, message)).upsert("leads", [{"id": 1}], ["id"])
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(surroundings.slept) == (4 if refused.value.is_transient else 0)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 521, 522, 523, 524, 530, 544])
def test_a_gateways_page_is_an_outage_that_is_waited_for_with_patience_but_not_for_ever(
    connect, surroundings, status
):
    with pytest.raises(ProviderUnavailable, match="see in its dashboard whether it is paused"):
        connect(failing(status, **HTML)).count("leads", FILTERS)
    assert len(surroundings.slept) == 4


@pytest.mark.parametrize("status", [200, 404, 301, 308])
def test_a_page_where_rows_should_be_is_no_project(connect, status):
    with pytest.raises(ProviderRefused, match=r"no Supabase project at ref\.supabase\.co: check"):
        connect(failing(status, **HTML)).count("leads", FILTERS)


def test_a_new_key_that_is_refused_without_a_word_is_told_of_the_old_one(connect):
    with pytest.raises(ProviderRefused, match="the service_role key of the legacy keys"):
        connect(failing(401, content=b"")).count("leads", FILTERS)


def test_an_empty_answer_is_no_page_of_rows(connect):
    with pytest.raises(ProviderUnavailable, match="without the count"):
        connect(failing(200, content=b"")).count("leads", FILTERS)


def test_columns_are_named_one_by_one_when_any_is_missing(connect):
    def handler(request):
        columns = parse_qs(request.url.query.decode())["select"][0].split(",")
        gone = [column for column in columns if column in ("b", "d")]
        if gone:
            return failing(400, "42703", f"column leads.{gone[0]} does not exist")(request)
        return httpx.Response(200, json=[], headers={"content-range": "*/0"})

    assert connect(handler).missing_columns("leads", ["a", "b", "c", "d"]) == ["b", "d"]
    assert connect(handler).missing_columns("leads", ["a", "c"]) == []
    assert connect(failing(404, "PGRST205")).missing_columns("leads", ["a"]) is None


def test_a_key_with_stray_characters_is_not_sent(connect):
    with pytest.raises(UsageProblem, match="the Supabase key holds characters no key has"):
        connect(failing(500), service_role_key="sb_secret_\u00e4")
