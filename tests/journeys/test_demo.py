"""A newcomer's first minutes: the demo, again, and what can be asked afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from synkro_assets.storage.embedded_server import discard, running_server
from tests.databases import hurry
from tests.journeys.processes import document, eventually, processes_of, synkro

BROKEN = (
    '{"dialog_id": "a", "messages": [{"role": "client", "text": "hello"}]}\n'
    '{"dialog_id": "b", "messages": [{"role": "client", "text": "cut off'
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("newcomer") / "home"
    yield folder
    eventually(lambda: not processes_of(folder), 20, "nothing of the home runs on")
    discard(folder)


@pytest.fixture(scope="module")
def first(home: Path) -> dict[str, Any]:
    """What the first demo said of its one tenant."""
    told = document(synkro(home, "demo", "--tenants", "1", "--json"))
    assert len(told) == 1
    with running_server(home) as url:
        hurry(url)
    return dict(told[0])


def _asked(home: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    with running_server(home) as url, psycopg.connect(url) as connection:
        return connection.execute(query.encode(), values).fetchall()


def test_the_demo_tells_of_a_report_that_was_written_with_the_model(first: dict[str, Any]) -> None:
    assert first["status"] == "complete"
    assert "Диалоги" in first["report"]
    assert first["telegram_message_ids"]


def test_its_run_is_in_dagsters_storage_with_every_asset(home: Path, first: dict[str, Any]) -> None:
    (status,) = _asked(
        home, "select status from dagster.runs where run_id = %s", first["dagster_run_ids"][0]
    )
    assert status == ("SUCCESS",)
    counted = _asked(
        home,
        "select dagster_event_type, count(distinct asset_key) from dagster.event_logs "
        "where run_id = any(%s) and dagster_event_type like 'ASSET_MATERIALIZATION%%' group by 1",
        first["dagster_run_ids"],
    )
    counts = dict(counted)
    assert counts["ASSET_MATERIALIZATION"] == counts["ASSET_MATERIALIZATION_PLANNED"] > 30


def test_its_message_is_in_the_simulated_chat(home: Path, first: dict[str, Any]) -> None:
    kept = [path for path in (home / "simulators").rglob("*") if path.is_file()]
    text = "".join(path.read_text(encoding="utf-8") for path in kept)
    title = first["report"].splitlines()[0]
    assert title in text or json.dumps(title)[1:-1] in text


def test_the_report_can_be_read_again_with_every_fact(home: Path, first: dict[str, Any]) -> None:
    day = first["business_day"]
    report = document(synkro(home, "reports", "show", first["tenant"], "--day", day, "--json"))
    assert report["text"] == first["report"]
    assert {fact["metric"] for fact in report["facts"]} >= {"dialogs", "leads_created", "replies"}
    assert [part["status"] for part in report["deliveries"]] == ["sent"]


def test_a_second_demo_sends_nothing_twice(home: Path, first: dict[str, Any]) -> None:
    again = document(synkro(home, "demo", "--tenants", "1", "--json"))[0]
    assert again["report_id"] == first["report_id"]
    assert again["telegram_message_ids"] == first["telegram_message_ids"]
    assert again["report"] == first["report"]


def test_without_the_ai_integration_the_same_day_is_a_report_of_facts(
    home: Path, first: dict[str, Any]
) -> None:
    told = document(synkro(home, "demo", "--tenants", "1", "--no-ai", "--json"))[0]
    assert told["status"] == "facts_only"
    assert "без ИИ" in told["report"]
    assert told["telegram_message_ids"]


def test_a_broken_line_of_a_dialogs_file_is_named_and_nothing_is_loaded(
    home: Path, first: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "broken.jsonl"
    file.write_text(BROKEN, encoding="utf-8")
    result = synkro(home, "demo", "--dialogs", str(file))
    assert result.returncode == 2
    assert "line 2" in result.stderr
    assert "Traceback" not in result.stderr
    assert _asked(home, "select count(*) from app.reports where data_ref is null") == [(0,)]
    stored = _asked(
        home,
        "select count(*) from raw.radist_chats join app.tenants using (tenant_id) where slug = %s",
        "demo-broken",
    )
    assert stored == [(0,)]
