"""The control interface: worlds, faults, the log, the clock."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from synkro_assets.simulators.app import create_app
from synkro_assets.simulators.server import PortInUse, bind, start_in_thread

from .conftest import DAY, Lab


def dialogs_file(path: Path, rows: list) -> str:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def talk(key: str, count: int = 3) -> dict:
    messages = [
        {"role": "client" if n % 2 == 0 else "agent", "text": f"{key} {n}" if n else ""}
        for n in range(count)
    ]
    return {"dialog_id": key, "lang": "ru", "messages": messages}


def test_loading_a_day_again_replaces_it_and_leaves_other_days(lab: Lab) -> None:
    other = {"day": "2026-03-06", "window_start": "2026-03-05T22:01:00+03:00",
             "window_end": "2026-03-06T22:01:00+03:00"}  # fmt: skip
    lab.load(**other)
    before = lab.truth()
    lab.load()
    assert lab.truth() == before
    days = lab.http.get("/control/worlds").json()["worlds"][0]["days"]
    assert set(days) == {"2026-03-05", "2026-03-06"}


def test_the_integrations_have_the_shape_of_the_product(lab: Lab) -> None:
    fields = lab.loaded["integrations"]
    assert set(fields) == {"amocrm", "radist", "ai", "telegram"}
    assert set(fields["radist"]) == {"base_url", "company_id", "api_key"}
    assert set(fields["telegram"]) == {"base_url", "bot_token", "chat_id", "message_thread_id"}
    assert fields["telegram"]["chat_id"].startswith("-100")
    assert all(entry["base_url"].startswith(lab.server.url) for entry in fields.values())


def test_a_scenario_day_has_messages_outside_its_window_too(lab: Lab) -> None:
    counts = lab.loaded["counts"]
    assert 0 < counts["messages_in_window"] < counts["messages"]
    assert 0 < counts["events_in_window"] < counts["events"]
    assert 15 <= counts["leads"] <= 30


def test_a_dialogs_file_becomes_chats_inside_the_window_in_order(lab: Lab, tmp_path: Path) -> None:
    path = dialogs_file(tmp_path / "d.jsonl", [talk("a", 4), talk("b", 300)])
    assert lab.load(dialogs_file=path).status_code == 200
    truth = lab.truth()
    start, end = (datetime.fromisoformat(truth["window"][key]) for key in ("start", "end"))
    texts = {row["dialog_key"]: [m["text"] for m in row["messages"]] for row in truth["dialogs"]}
    assert texts["b"] == [m["text"] for m in talk("b", 300)["messages"]]
    for row in truth["dialogs"]:
        moments = [datetime.fromisoformat(m["created_at"]) for m in row["messages"]]
        assert moments == sorted(set(moments))
        assert start <= moments[0]
        assert moments[-1] < end


@pytest.mark.parametrize(
    "broken",
    [
        "{not json",
        '{"dialog_id": "x", "messages": []}',
        '{"dialog_id": "x", "messages": [{"role": "bot", "text": ""}]}',
    ],
)
def test_a_broken_line_is_named_and_nothing_is_loaded(
    lab: Lab, tmp_path: Path, broken: str
) -> None:
    before = lab.truth()
    path = dialogs_file(tmp_path / "d.jsonl", [talk("a"), broken])
    answer = lab.load(dialogs_file=path)
    assert answer.status_code == 400
    assert answer.json()["line"] == 2
    assert lab.truth() == before


def test_a_dropped_connection_after_commit_leaves_the_work_done(lab: Lab) -> None:
    lab.control("faults", match={"provider": "telegram", "path": "sendMessage"},
                action={"drop_after_commit": True})  # fmt: skip
    with pytest.raises(httpx.RemoteProtocolError):
        lab.telegram("sendMessage", text="once")
    query = {"tenant": "acme"}
    messages = lab.http.get("/control/telegram/messages", params=query).json()["messages"]
    assert messages[-1]["text"] == "once"
    assert lab.telegram("sendMessage", text="twice").status_code == 200


def test_a_dropped_connection_before_the_handler_does_nothing(lab: Lab) -> None:
    lab.control("faults", match={"provider": "telegram"}, action={"drop_before": True})
    with pytest.raises(httpx.RemoteProtocolError):
        lab.telegram("sendMessage", text="never")
    messages = lab.http.get("/control/telegram/messages", params={"tenant": "acme"}).json()
    assert "never" not in [row["text"] for row in messages["messages"]]


def test_a_body_may_end_in_the_middle(lab: Lab) -> None:
    lab.control("faults", match={"provider": "amocrm"}, action={"close_mid_body": True})
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        lab.amocrm("leads")
    assert lab.amocrm("leads").status_code == 200


def test_a_fault_skips_then_acts_as_often_as_told(lab: Lab) -> None:
    lab.control(
        "faults",
        match={"provider": "amocrm", "method": "GET", "path": r"leads\?.*page=2"},
        count=2,
        skip=1,
        action={"status": 503, "body": {"a": 1}, "headers": {"X-A": "b"}},
    )
    answers = [lab.amocrm("leads", page=2, limit=3) for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 503, 503, 200]
    assert answers[1].json() == {"a": 1}
    assert answers[1].headers["x-a"] == "b"
    assert lab.amocrm("leads", page=1).status_code == 200


def test_a_delay_is_not_counted_as_handler_time(lab: Lab) -> None:
    lab.control("faults", match={"provider": "radist"}, action={"delay_seconds": 0.3})
    started = time.perf_counter()
    assert lab.radist("connections/").status_code == 200
    assert time.perf_counter() - started >= 0.3
    row = lab.http.get("/control/log", params={"provider": "radist"}).json()["requests"][-1]
    assert row["handler_seconds"] < 0.2


def test_the_log_counts_and_masks_secrets(lab: Lab) -> None:
    for _ in range(4):
        lab.amocrm("account")
    lab.telegram("getMe")
    key = lab.loaded["integrations"]["ai"]["api_key"]
    lab.http.get("/gemini/v1beta/models", params={"key": key})
    text = lab.http.get("/control/log").text
    summary = json.loads(text)["summary"]
    assert summary["amocrm"]["count"] == summary["amocrm"]["max_in_any_second"] == 4
    assert summary["amocrm"]["statuses"] == {"200": 4}
    assert lab.loaded["integrations"]["telegram"]["bot_token"] not in text
    assert key not in text
    assert "bot***" in text


def test_one_tenant_cannot_read_another(lab: Lab) -> None:
    lab.http.post("/control/worlds", json={**DAY, "tenant": "beta", "language": "en"})
    mine = {row["id"] for row in lab.amocrm("users").json()["_embedded"]["users"]}
    assert not mine & {row["id"] for row in lab.truth("beta")["managers"]}
    assert lab.http.delete("/control/worlds/beta").status_code == 204
    assert lab.http.get("/control/worlds/beta/truth").status_code == 404


def test_an_unknown_switch_or_limit_is_refused(lab: Lab) -> None:
    assert lab.http.post("/control/switches", json={"nonsense": 1}).status_code == 400
    assert lab.http.post("/control/limits", json={"nonsense": 1}).status_code == 400


def test_the_index_lists_every_path_and_the_server_is_healthy(lab: Lab) -> None:
    listed = {row["path"] for row in lab.http.get("/control/").json()["control"]}
    assert {"/control/worlds", "/control/faults", "/control/clock", "/control/log"} <= listed
    assert lab.http.get("/control/healthz").json() == {"status": "ok"}


def test_a_port_in_use_is_named() -> None:
    taken = bind("127.0.0.1", 0)
    port = taken.getsockname()[1]
    with pytest.raises(PortInUse) as caught:
        start_in_thread(create_app(), port=port)
    assert caught.value.port == port
    taken.close()


def test_a_stopped_server_frees_its_port() -> None:
    server = start_in_thread(create_app())
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, server.port), timeout=1)


def test_stopping_does_not_wait_for_a_long_poll() -> None:
    server = start_in_thread(create_app())
    lab = Lab(server)
    lab.load()
    with ThreadPoolExecutor() as pool:
        poll = pool.submit(lab.telegram, "getUpdates", timeout=15)
        time.sleep(0.3)
        started = time.perf_counter()
        server.stop()
        assert time.perf_counter() - started < 1
        assert isinstance(poll.exception(timeout=2), httpx.RemoteProtocolError)


def test_the_clock_keeps_its_time_when_only_its_rate_is_changed(lab: Lab) -> None:
    lab.http.put("/control/clock", json={"now": "2026-03-05T10:00:00Z", "rate": 0})
    lab.http.put("/control/clock", json={"rate": 288})
    lab.http.put("/control/clock", json={"rate": 0})
    clock = lab.http.get("/control/clock").json()
    assert clock["now"] < "2026-03-05T11"
    assert clock["virtual"]
    lab.http.put("/control/clock", json={"now": None})
    assert not lab.http.get("/control/clock").json()["virtual"]
