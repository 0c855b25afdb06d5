"""Whole files of conversations through the demo: nothing of them is lost, doubled or misread.

The numbers of the marts are held against a count made from the file itself (``count_dialogs``).
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from synkro_assets.storage.embedded_server import discard, running_server
from tests.databases import hurry
from tests.journeys.count_dialogs import Counts, by_dialog, count
from tests.journeys.processes import ROOT, document, eventually, processes_of, synkro

SHARED = Path(os.environ.get("SYNKRO_SHARED_DATA") or ROOT.parent / "shared" / "data")
FILES = ("ru_autoservice.jsonl", "ru_service.jsonl", "en_service.jsonl")

NASTY = "nasty.jsonl"
LONG_TEXT = "Очень длинное сообщение. " * 800
SAME = "2026-03-01T10:00:00+03:00"


@dataclass(frozen=True)
class Told:
    """What a demo said and where its database is."""

    home: Path
    tenant: str
    day: str
    report: str

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the tenant's day; the query names both as parameters."""
        with running_server(self.home) as url, psycopg.connect(url) as connection:
            connection.execute(
                "select set_config('app.tenant_id', tenant_id::text, false) from app.tenants "
                "where slug = %s",
                [self.tenant],
            )
            values = {"slug": self.tenant, "day": self.day}
            return connection.execute(query.encode(), values).fetchall()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("conversations") / "home"
    # Held for all demos and questions, or each of them would start a server and stop it.
    with running_server(folder) as url:
        hurry(url)
        yield folder
    eventually(lambda: not processes_of(folder), 20, "nothing of the home runs on")
    discard(folder)


@pytest.fixture(scope="module", params=[*FILES, NASTY])
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if request.param == NASTY:
        return _nasty_file(tmp_path_factory.mktemp("dialogs") / NASTY)
    path = SHARED / request.param
    if not path.is_file():
        pytest.skip(f"{path} is not there: name the folder in SYNKRO_SHARED_DATA")
    return path


@pytest.fixture(scope="module")
def told(home: Path, file: Path) -> Told:
    (run,) = document(synkro(home, "demo", "--dialogs", str(file), "--json"))
    return Told(home, run["tenant"], run["business_day"], run["report"])


def test_each_dialog_has_its_messages_replies_and_waiting(told: Told, file: Path) -> None:
    """Dialog by dialog; chats carry no dialog_id, so what they hold is compared as a whole."""
    marts = told.ask(
        "select messages_in, messages_out, replies, is_unanswered::int from ("
        " select radist_chat_id, count(*) filter (where direction = 'inbound') as messages_in,"
        "  count(*) filter (where direction = 'outbound') as messages_out"
        " from marts.fct_messages join app.tenants using (tenant_id)"
        " where slug = %(slug)s and business_day = %(day)s group by 1) as messages"
        " full join (select radist_chat_id, is_unanswered from marts.fct_dialogs"
        "  join app.tenants using (tenant_id) where slug = %(slug)s and business_day = %(day)s)"
        "  as dialogs using (radist_chat_id)"
        " cross join lateral (select count(*) as replies from marts.fct_replies as reply"
        "  join app.tenants using (tenant_id) where slug = %(slug)s and business_day = %(day)s"
        "  and reply.radist_chat_id = coalesce(messages.radist_chat_id, dialogs.radist_chat_id))"
        "  as replies"
    )
    wanted = Counter(
        (each.messages_in, each.messages_out, each.replies, each.unanswered)
        for each in by_dialog(file).values()
    )
    assert Counter(marts) == wanted


def test_the_tenants_day_is_the_files_sum(told: Told, file: Path) -> None:
    rows = told.ask(
        "select dialogs_count, messages_in_count, messages_out_count, replies_count,"
        " unanswered_dialogs_count from marts.rpt_tenant_day join app.tenants using (tenant_id)"
        " where slug = %(slug)s and business_day = %(day)s"
    )
    assert [Counts(*row) for row in rows] == [count(file)]


def test_the_facts_of_the_report_are_the_files_sum(told: Told, file: Path) -> None:
    rows = told.ask(
        "select metric, value::int from app.report_facts join app.tenants using (tenant_id)"
        " where slug = %(slug)s and period_key = 'day:' || %(day)s and subject_type = 'tenant'"
    )
    facts, counted = dict(rows), count(file)
    metrics = ("dialogs", "messages_in", "messages_out", "replies", "dialogs_unanswered")
    assert Counts(*(facts[metric] for metric in metrics)) == counted


def test_every_word_is_stored_as_it_was_written(told: Told, file: Path) -> None:
    stored = told.ask(
        "select payload #>> '{text,text}' from raw.radist_messages"
        " join app.tenants using (tenant_id) where slug = %(slug)s and business_day = %(day)s"
    )
    with file.open(encoding="utf-8") as lines:
        dialogs = [json.loads(line) for line in lines if line.strip()]
    written = Counter(row["text"] for dialog in dialogs for row in dialog["messages"])
    assert Counter(text or "" for (text,) in stored) == written


def _nasty_file(path: Path) -> Path:
    """What no well-kept messenger holds and every real one does."""

    def dialog(name: str, roles: str, texts: list[str] | None = None, **fields: Any) -> str:
        """``roles`` spells the order: c for the client, a for the agent."""
        times = fields.pop("times", {})
        rows = [
            {
                "role": {"c": "client", "a": "agent"}[role],
                "text": texts[place] if texts else f"{name} {place}",
                "reactions": [{"emoji": "👍"}],
                **({"ts": times[place]} if place in times else {}),
            }
            for place, role in enumerate(roles)
        ]
        whole = {"dialog_id": name, "lang": "ru", "messages": rows, **fields}
        return json.dumps(whole, ensure_ascii=False)

    odd = [
        "😀👩‍👩‍👧‍👦 \\ \"кавычки\" 'и' \t\n конец",
        "שלום، مرحبا ‏עולם",
        LONG_TEXT,
        "<b>&amp;</b> {fact:x} %s",
    ]
    lines = [
        dialog("one-question", "c"),
        dialog("one-announcement", "a"),
        dialog("agent-alone", "aaaa"),
        dialog("client-alone", "ccc"),
        dialog("agent-begins", "aacca"),
        dialog("impatient", "cccacca"),
        dialog("no-answer-at-the-end", "cacac"),
        dialog("odd-texts", "caca", odd),
        dialog("empty-texts", "cac", ["", " ", ""]),
        dialog("three-hundred", "ca" * 150),
        dialog("same-moment", "ccaca", times=dict.fromkeys(range(5), SAME)),
        dialog("three-hundred-at-once", "cca" * 100, times=dict.fromkeys(range(300), SAME)),
        dialog("some-times", "cacaca", times={1: SAME, 4: "2026-03-01T18:30:00Z"}),
        dialog("backwards", "caca", times={0: SAME, 2: "2026-02-28T10:00:00+03:00"}),
        dialog("longer-than-a-day", "cacc", times={0: SAME, 3: "2026-03-04T10:00:00+03:00"}),
        dialog("unknown-fields", "ca", profile={"vip": True}, tags=["x"], source=None),
    ]
    path.write_text("\n".join(lines) + "\n\n", encoding="utf-8")
    return path
