"""Conversations made from templates: short sales talk in Russian or English.

Lives here: filling ``scenarios_<language>.json`` with a company's products. Not here: real
conversations (``dialog_file``) and their times (``timing``).
"""

import json
from functools import cache
from importlib import resources
from typing import Any

from .model import Company, Conversation, Line
from .seeds import rng

# How often an agent has the last word after thanks, payment or a refusal.
ANSWERED_ENDS = 0.85


@cache
def _templates(language: str) -> dict[str, Any]:
    text = resources.files(__package__).joinpath(f"scenarios_{language}.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def _money(amount: int, language: str) -> str:
    return f"{amount:,}".replace(",", " ") + " ₽" if language == "ru" else f"${amount:,}"


def conversations(seed: int, company: Company, day: str, count: int) -> list[Conversation]:
    """``count`` conversations of the company's day, the scenarios in shuffled rounds."""
    templates = _templates(company.language)
    rand = rng(seed, company.tenant, day, "scenarios")
    order: list[dict[str, Any]] = []
    while len(order) < count:
        scenarios = list(templates["scenarios"])
        rand.shuffle(scenarios)
        order.extend(scenarios)
    closing = rng(seed, company.tenant, day, "closings")
    result: list[Conversation] = []
    for index, scenario in enumerate(order[:count]):
        item, low, high = rand.choice(templates["items"][company.business])
        price = rand.randrange(low, high, max(1, (high - low) // 40))
        words = {
            "item": item,
            "price": _money(price, company.language),
            "discounted": _money(int(price * 0.93), company.language),
            "manager": rand.choice(company.managers[:4]).name.split()[0],
            "when": rand.choice(templates["when"]),
            "hello": rand.choice(templates["hello"]),
        }
        lines = [
            Line(role=turn[0], text=turn[1].format(**words), type=(turn[2:] or ["text"])[0])
            for turn in scenario["turns"]
        ]
        is_polite_end = scenario["outcome"] not in ("unanswered", "complaint")
        if lines[-1].role == "client" and is_polite_end and closing.random() < ANSWERED_ENDS:
            lines.append(Line(role="agent", text=closing.choice(templates["closings"])))
        result.append(
            Conversation(
                key=f"{day}-{index}",
                lines=lines,
                language=company.language,
                outcome=scenario["outcome"],
                topic=item,
                price=price,
            )
        )
    return result
