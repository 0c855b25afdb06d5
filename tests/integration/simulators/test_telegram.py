"""Telegram's double over HTTP, judged by python-telegram-bot as well."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import telegram
from telegram.error import BadRequest, Forbidden, RetryAfter

from synkro_assets.simulators.app import create_app
from synkro_assets.simulators.server import start_in_thread

from .conftest import DAY, Lab


def sent(lab: Lab) -> list[dict]:
    return lab.http.get("/control/telegram/messages", params={"tenant": "acme"}).json()["messages"]


def test_a_sent_message_is_in_the_chat(lab: Lab) -> None:
    answer = lab.telegram("sendMessage", text="<b>Отчёт</b> &amp; итоги", parse_mode="HTML").json()
    assert answer["result"]["text"] == "Отчёт & итоги"
    assert answer["result"]["entities"] == [{"type": "bold", "offset": 0, "length": 5}]
    last = sent(lab)[-1]
    assert last["message_id"] == answer["result"]["message_id"]
    assert (last["text"], last["from_bot"]) == ("<b>Отчёт</b> &amp; итоги", True)


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("<b>open", "can't parse entities"),
        ("<div>x</div>", "can't parse entities"),
        ("<b><i>x</b></i>", "can't parse entities"),
        ("1 < 2", "can't parse entities"),
        ("   ", "message text is empty"),
        ("x" * 4097, "message is too long"),
        ("😀" * 2049, "message is too long"),
    ],
)
def test_texts_that_telegram_refuses(lab: Lab, text: str, description: str) -> None:
    answer = lab.telegram("sendMessage", text=text, parse_mode="HTML")
    assert answer.status_code == 400
    assert description in answer.json()["description"]


def test_the_length_is_counted_after_parsing(lab: Lab) -> None:
    text = "<b>" + "x" * 4096 + "</b>"
    assert lab.telegram("sendMessage", text=text, parse_mode="HTML").status_code == 200


def test_form_and_query_are_understood_too(lab: Lab) -> None:
    fields = lab.loaded["integrations"]["telegram"]
    url = f"{fields['base_url']}{fields['bot_token']}/sendMessage"
    body = {"chat_id": fields["chat_id"], "text": "plain"}
    assert httpx.post(url, data=body).json()["ok"]
    assert httpx.get(url, params=body).json()["ok"]


def test_wrong_token_method_and_chat(lab: Lab) -> None:
    base = f"{lab.server.url}/telegram/bot"
    assert httpx.get(f"{base}1:wrong/getMe").status_code == 401
    assert lab.telegram("noSuchMethod").status_code == 404
    answer = lab.telegram("sendMessage", chat_id="-1001", text="x")
    assert answer.json()["description"] == "Bad Request: chat not found"


def test_the_official_style_client_sends_edits_and_reads_updates(lab: Lab) -> None:
    fields = lab.loaded["integrations"]["telegram"]

    async def talk() -> None:
        bot = telegram.Bot(fields["bot_token"], base_url=fields["base_url"])
        async with bot:
            message = await bot.send_message(fields["chat_id"], "<i>hi</i>", parse_mode="HTML")
            edited = await bot.edit_message_text(
                "bye", chat_id=fields["chat_id"], message_id=message.message_id
            )
            assert edited.text == "bye"
            document = await bot.send_document(fields["chat_id"], b"a;b\n", caption="table")
            assert document.document.file_size == 4
            chat = await bot.get_chat(fields["chat_id"])
            assert chat.type == "supergroup"
            update = lab.control(
                "telegram/messages",
                tenant="acme",
                text="@synkro_acme_bot сколько диалогов?",
                reply_to_message_id=message.message_id,
                **{"from": {"id": 42, "username": "anna", "first_name": "Anna"}},
            )
            updates = await bot.get_updates(offset=update["update_id"])
            assert updates[0].message.reply_to_message.message_id == message.message_id
            assert updates[0].message.entities[0].type == "mention"
            assert await bot.get_updates(offset=updates[0].update_id + 1) == ()
            with pytest.raises(BadRequest, match="Chat not found"):
                await bot.send_message(-5, "x")
            lab.control("switches", telegram_kicked=True)
            with pytest.raises(Forbidden):
                await bot.send_message(fields["chat_id"], "x")

    asyncio.run(talk())


def test_too_many_messages_answer_429_with_retry_after(lab: Lab) -> None:
    lab.control("limits", enabled=True, telegram_chat_burst=5)
    codes = [lab.telegram("sendMessage", text="part").status_code for _ in range(6)]
    assert codes == [200] * 5 + [429]
    fields = lab.loaded["integrations"]["telegram"]

    async def send() -> None:
        async with telegram.Bot(fields["bot_token"], base_url=fields["base_url"]) as bot:
            await bot.send_message(fields["chat_id"], "x")

    with pytest.raises(RetryAfter):
        asyncio.run(send())


def test_a_poll_waits_for_an_update_and_a_second_poll_ends_it(lab: Lab) -> None:
    with ThreadPoolExecutor() as pool:
        first = pool.submit(lab.telegram, "getUpdates", timeout=10)
        time.sleep(0.3)
        second = lab.telegram("getUpdates", timeout=0)
        conflict = first.result(timeout=5)
    assert (conflict.status_code, second.status_code) == (409, 200)
    assert "terminated by other getUpdates" in conflict.json()["description"]


def test_an_update_wakes_a_waiting_poll(lab: Lab) -> None:
    confirmed = lab.telegram("getUpdates", offset=-1).json()["result"]
    offset = confirmed[-1]["update_id"] + 1 if confirmed else 0
    with ThreadPoolExecutor() as pool:
        poll = pool.submit(lab.telegram, "getUpdates", timeout=10, offset=offset)
        lab.control("telegram/messages", tenant="acme", text="hello")
        updates = poll.result(timeout=5).json()["result"]
    assert [update["message"]["text"] for update in updates] == ["hello"]


def test_message_ids_keep_growing_after_a_restart_and_a_torn_line(tmp_path: Path) -> None:
    def run() -> int:
        with start_in_thread(create_app(state_dir=tmp_path)) as server:
            lab = Lab(server)
            lab.load()
            number = lab.telegram("sendMessage", text="x").json()["result"]["message_id"]
            lab.control("telegram/messages", tenant="acme", text="y")
            return int(number)

    first = run()
    with (tmp_path / "telegram.jsonl").open("a") as file:
        file.write('{"kind": "message", "mess')
    assert run() == first + 2
    assert run() == first + 4


def test_the_chat_has_migrated(lab: Lab) -> None:
    lab.control("switches", telegram_migrate_to=-1009)
    answer = lab.telegram("sendMessage", text="x").json()
    assert answer["parameters"] == {"migrate_to_chat_id": -1009}


def test_each_tenant_has_a_bot_of_its_own(lab: Lab) -> None:
    other = lab.http.post("/control/worlds", json={**DAY, "tenant": "beta"}).json()
    mine, theirs = lab.loaded["integrations"], other["integrations"]
    assert mine["telegram"]["chat_id"] != theirs["telegram"]["chat_id"]
    assert (
        lab.telegram("sendMessage", chat_id=theirs["telegram"]["chat_id"], text="x").status_code
        == 400
    )
