"""Holding a model's sentences to the facts: no number of its own, no id that does not exist.

What lives here: checking an answer and putting values and names in by code. What happens to an
answer that fails is decided in ``writer``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from synkro_assets.reporting import figures
from synkro_assets.reporting.customers import Customer, customer_said
from synkro_assets.reporting.day_data import DayData
from synkro_assets.reporting.prompt import citable, shown_dialogs

_REFERENCE = re.compile(r"\{(?P<kind>fact|dialog|manager):(?P<id>[^{}]+)\}")
_LONGEST = {"headline": 400, "text": 700}

# Spelled-out numbers a model may slip in. "один"/"one" are left out: both are pronouns too.
_NUMERALS = re.compile(
    r"\b(?:"
    r"дв(?:а|е|ух|ум|умя)|об(?:а|е)|тр(?:и|[её]х|[её]м|емя)|четыр(?:е|[её]х|[её]м|ьмя)|"
    r"пят(?:ь|и|ью)|шест(?:ь|и|ью)|сем(?:ь|и|ью)|вос(?:емь|ьми|емью)|девят(?:ь|и|ью)|"
    r"десят(?:ь|и|ью|ок|ка|ки|ков)|\w+надцат(?:ь|и|ью)|двадцат\w*|тридцат\w*|сорок\w*|"
    r"\w+десят(?:и|ью)?|девяност\w*|сто|ста|сот(?:ня|ни|не|ню|ней|ен|ням|нями|нях)|"
    r"двести|триста|четыреста|\w+сот|"
    r"(?:дву|тр[её]|четыр|пят|шест|сем|восьм|девят)\w*ст(?:ам|ами|ах)|"
    r"тысяч\w*|миллион\w*|миллиард\w*|"
    r"нол[ьяюе]\w*|нул[ьяюе]\w*|половин\w*|пол(?:тора|торы|утора)|трет(?:ь|и|ью)|"
    r"четверт(?:ь|и|ью)|вдвое|втрое|вчетверо|впятеро|вдесятеро|процент\w*|дюжин\w*|"
    r"дво(?:е|их|им|ими)|тро(?:е|их|им|ими)|(?:четв|пят|шест|сем|восьм|девят|десят)ер(?:о|ых)|"
    r"zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|"
    r"forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|dozens?|"
    r"half|halves|thirds?|(?:two|three|four|five|ten)fold|"
    r"twice|thrice|double[ds]?|doubling|triple[ds]?|quarters?|percent|percentage"
    r")\b|%",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Conclusions:
    """A model's sentences after the check, with values and names put in."""

    headline: str
    observations: tuple[str, ...]
    actions: tuple[str, ...]


def grounded(data: DayData, answer: dict[str, Any]) -> tuple[Conclusions | None, list[str]]:
    """The conclusions of an answer, or None with everything that is wrong with it."""
    problems: list[str] = []
    headline = _sentence(data, answer.get("headline"), "headline", problems)
    observations = _sentences(data, answer.get("observations"), "observations", problems)
    actions = _sentences(data, answer.get("actions"), "actions", problems)
    if problems:
        return None, problems
    return Conclusions(headline, observations, actions), []


def _sentences(data: DayData, items: Any, name: str, problems: list[str]) -> tuple[str, ...]:
    if not isinstance(items, list) or not 1 <= len(items) <= 5:
        problems.append(f"{name} must be a list of one to five items")
        return ()
    texts = [item.get("text") if isinstance(item, dict) else None for item in items]
    return tuple(_sentence(data, text, name, problems) for text in texts)


def _sentence(data: DayData, text: Any, name: str, problems: list[str]) -> str:
    if not isinstance(text, str) or not text.strip():
        problems.append(f"{name} has an empty text")
        return ""
    text = " ".join(text.split())
    if len(text) > _LONGEST["headline" if name == "headline" else "text"]:
        problems.append(f"{name} has a text that is too long")
    bare = _REFERENCE.sub(" ", text)
    if any(character.isnumeric() for character in bare):
        problems.append(f"{name} writes a number in digits: {text[:80]!r}")
    if word := _NUMERALS.search(bare):
        problems.append(f"{name} writes a number as {word[0]!r}")
    if "{" in bare or "}" in bare:
        problems.append(f"{name} has a placeholder that is not fact, dialog or manager")

    values = _values(data)

    def put_in(match: re.Match[str]) -> str:
        value = values[match["kind"]](match["id"].strip())
        if value is None:
            problems.append(f"{name} cites {match[0]}, which was not given")
            return ""
        return value

    return _REFERENCE.sub(put_in, text)


def _values(data: DayData) -> dict[str, Callable[[str], str | None]]:
    facts = {fact.fact_id: fact for fact in citable(data)}
    dialogs: dict[str, Customer] = {dialog.dialog_id: dialog for dialog in shown_dialogs(data)}

    def of_fact(fact_id: str) -> str | None:
        fact = facts.get(fact_id)
        return figures.fact_value(fact, data.language) if fact else None

    def of_dialog(dialog_id: str) -> str | None:
        dialog = dialogs.get(dialog_id)
        return customer_said(data, dialog) if dialog else None

    def of_manager(manager_id: str) -> str | None:
        is_given = manager_id in data.managers or manager_id in data.subjects("manager")
        return data.manager_name(manager_id) if is_given else None

    return {"fact": of_fact, "dialog": of_dialog, "manager": of_manager}
