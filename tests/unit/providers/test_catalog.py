"""The catalog splits, checks and masks as contracts §4 say."""

from __future__ import annotations

import pytest

from synkro_assets.domain.errors import UsageProblem
from synkro_assets.providers.catalog import KINDS, masked, split

AMO = {"base_url": "https://acme.amocrm.ru/", "long_lived_token": "abcdefghijklmnop"}


def test_every_kind_of_the_contract_is_there_and_takes_a_base_url():
    assert list(KINDS) == [
        "amocrm",
        "radist",
        "supabase",
        "ai",
        "telegram",
        "resend",
        "mobizon",
        "whapi",
    ]
    assert all("base_url" in {f.name for f in kind.fields} for kind in KINDS.values())


def test_public_and_secret_fields_are_split_and_defaults_filled_in():
    public, secrets = split("amocrm", AMO)
    assert secrets == {"long_lived_token": "abcdefghijklmnop"}
    assert public["base_url"] == "https://acme.amocrm.ru"
    assert public["requests_per_second"] == 7
    public, _ = split("ai", {"api_key": "k" * 20, "model": "", "base_url": None})
    assert public == {
        "provider": "gemini",
        "base_url": None,
        "model": "gemini-3.5-flash",
        "fallback_models": [],
        "api_version": "v1beta",
    }
    public, _ = split("telegram", {"bot_token": "1:a", "chat_id": -100123})
    assert public["chat_id"] == "-100123"
    assert "telegram_update_offset" not in public


@pytest.mark.parametrize(
    ("kind", "given", "told"),
    [
        ("fax", {}, "unknown integration 'fax'"),
        ("amocrm", {**AMO, "colour": 1}, "colour"),
        ("amocrm", {"base_url": "https://a.ru"}, "long_lived_token"),
        ("amocrm", {"base_url": "https://a.ru", "access_token": "x"}, "redirect_uri"),
        ("amocrm", {**AMO, "base_url": "ftp://a"}, "http(s) address"),
        ("amocrm", {**AMO, "base_url": "https://amocrm.ru"}, "the address of one account"),
        ("amocrm", {**AMO, "base_url": "https://www.kommo.com/"}, "the address of one account"),
        ("amocrm", {**AMO, "base_url": "http://["}, "http(s) address"),
        ("amocrm", {**AMO, "base_url": "https://user:secret-key@a.ru"}, "http(s) address"),
        ("amocrm", {**AMO, "base_url": "https://user:secret-key/1@a.ru"}, "http(s) address"),
        ("amocrm", {**AMO, "base_url": "https://a.ru:secret-key/"}, "http(s) address"),
        ("amocrm", {**AMO, "long_lived_token": "••••mnop"}, "not its mask"),
        ("radist", {"api_key": "secret-key"}, "company_id"),
        ("radist", {"api_key": "secret-key", "company_id": "7"}, "whole number"),
        ("radist", {"api_key": "секретик", "company_id": 7}, "stray characters"),
        ("radist", {"api_key": "k", "company_id": 7, "chats_per_second": 0}, "per second"),
        ("telegram", {"chat_id": "1"}, "bot_token"),
        ("ai", {"provider": "other", "api_key": "k"}, "gemini"),
        ("ai", {"api_key": "k", "secret-key-1": ""}, "has no field …: remove it"),
        (
            "telegram",
            {"base_url": "http://a/1:secret-key-2", "bot_token": "1:secret-key-2", "chat_id": "1"},
            "base_url of the telegram integration holds the bot_token",
        ),
    ],
)
def test_a_problem_is_told_in_one_line_without_the_value(kind, given, told):
    with pytest.raises(UsageProblem) as problem:
        split(kind, given)
    assert told in str(problem.value)
    assert "\n" not in str(problem.value)
    assert "secret-key" not in str(problem.value)


def test_masks_show_four_characters_at_most_and_none_of_short_secrets():
    shown = masked("amocrm", {"long_lived_token": "abcdefghijklmnop", "client_secret": "short"})
    assert shown["long_lived_token"] == "••••mnop"
    assert shown["client_secret"] == "••••"
    assert shown["access_token"] == ""


@pytest.mark.parametrize(
    ("kind", "field", "wrong"),
    [("resend", "to", ["boss@example"]), ("mobizon", "recipients", ["8 (701) 000"])],
)
def test_a_recipient_nobody_can_be_reached_at_is_refused(
    kind: str, field: str, wrong: list[str]
) -> None:
    given = {"api_key": "a-key-of-some-length", "from": "Synkro <a@b.example>", field: wrong}
    with pytest.raises(UsageProblem, match=f"{field} of the {kind} integration must be a list"):
        split(kind, given)
