"""What the check of a Telegram bot shows, sends and complains about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from synkro_assets.operations.tenant_config import set_tenant
from tests.integration.checks.conftest import Inspector


def test_a_test_message_says_what_it_is(inspector: Inspector) -> None:
    outcome = inspector.check("telegram")
    (message,) = inspector.scene.chat()
    assert outcome.status == "ok"
    assert outcome.seen["bot"].endswith("bot")
    assert outcome.seen["test_message"] == message["message_id"]
    assert "тестовое сообщение от Synkro" in message["text"]


def test_it_goes_to_the_topic_of_the_reports(inspector: Inspector) -> None:
    inspector.scene.connect("telegram", message_thread_id=7)
    assert inspector.check("telegram").seen["message_thread_id"] == 7
    (message,) = inspector.scene.chat()
    assert message["message_thread_id"] == 7


def test_nothing_is_sent_when_nothing_may_be(inspector: Inspector) -> None:
    outcome = inspector.check("telegram", may_send=False)
    assert outcome.status == "ok"
    assert "not sent" in outcome.seen["test_message"]
    assert inspector.scene.chat() == []


@pytest.mark.parametrize(
    ("changes", "switches", "what_to_do"),
    [
        ({"bot_token": "123456:wrong-wrong-wrong-wrong"}, {}, "@BotFather"),
        ({"chat_id": "-1009999999999"}, {}, "add the bot to the chat and check chat_id"),
        ({"message_thread_id": 1000}, {}, "check message_thread_id"),
        ({}, {"telegram_kicked": True}, "add it to the chat again"),
        ({}, {"telegram_migrate_to": -1002222222222}, "set chat_id to"),
    ],
)
def test_a_refusal_says_what_to_do(
    inspector: Inspector, changes: dict[str, Any], switches: dict[str, Any], what_to_do: str
) -> None:
    inspector.scene.connect("telegram", **changes)
    inspector.scene.simulators.switch(**switches)
    assert what_to_do in inspector.complaint("telegram")


@pytest.mark.parametrize(
    ("path", "action", "said"),
    [
        ("getMe", {"status": 200, "body": "<html>hello</html>"}, "Telegram"),
        ("getMe", {"close_mid_body": True}, "Telegram"),
        ("sendMessage", {"status": 429, "body": {"ok": False}}, "Telegram"),
        ("sendMessage", {"drop_after_commit": True}, "may have been delivered"),
    ],
)
def test_a_broken_answer_is_a_sentence(
    inspector: Inspector, path: str, action: dict[str, Any], said: str
) -> None:
    inspector.scene.simulators.break_requests("telegram", path, **action)
    assert said in inspector.complaint("telegram")


def test_an_uncertain_test_message_is_not_sent_twice(inspector: Inspector) -> None:
    scene = inspector.scene
    scene.simulators.break_requests("telegram", "sendMessage", count=1, drop_after_commit=True)
    inspector.complaint("telegram")
    assert len(scene.chat()) == 1


def test_it_speaks_the_companys_language(inspector: Inspector) -> None:
    scene = inspector.scene
    english = set_tenant(scene.platform, scene.tenant.slug, ["language=en", "name=Soap <& Co>"])
    inspector.scene = replace(scene, tenant=english)
    inspector.check("telegram")
    (message,) = scene.chat()
    assert "a test message from Synkro" in message["text"]
    assert "Soap &lt;&amp; Co&gt;" in message["text"]
