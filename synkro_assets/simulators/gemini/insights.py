"""What a sales analyst would pick out of a day's facts, in sentences without a number.

Lives here: which facts are telling, and headlines, observations and next steps about them. Not
here: sentences for prompts of another kind (``sentences``), where they go (``schema_answer``).
"""

import re
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from synkro_assets.simulators.gemini.materials import Materials
from synkro_assets.simulators.gemini.sentences import is_numberless

MOST_STEPS, REASON = 3, 2


@dataclass(frozen=True)
class Kind:
    """A kind of fact: how to know it, and why it matters, by language."""

    pattern: str
    why: dict[str, str]


# The most telling kind first.
KINDS = (
    Kind(r"unanswered|waiting|без ответа|ждут",
         {"ru": "Каждое обращение без ответа — повод уйти к конкуренту.",
          "en": "Every customer without an answer may go to a competitor."}),
    Kind(r"wait|ожидани",
         {"ru": "После такого ожидания разговор придётся начинать заново.",
          "en": "After such a wait the conversation has to begin anew."}),
    Kind(r"reason|причин", {"ru": "Проверьте эту причину на примерах: так ли это.",
                            "en": "Check this reason against examples: is it so?"}),
    Kind(r"lost|проигр", {"ru": "Проверьте, что в каждой из них указана честная причина.",
                          "en": "Check that each of them names an honest reason."}),
    Kind(r"crm", {"ru": "Этих клиентов не видно в воронке, и их легко потерять.",
                  "en": "These customers are not in the funnel and are easily lost."}),
    Kind(r"first_reply|первого ответа|first reply",
         {"ru": "Скорость первого ответа решает, останется ли клиент в разговоре.",
          "en": "The speed of the first reply decides whether a customer stays."}),
    Kind(r"won|выигр", {"ru": "Посмотрите, что сработало, и повторите.",
                        "en": "Look at what worked and do it again."}),
    Kind(r"created|создан", {"ru": "Новым сделкам нужен следующий шаг с датой.",
                             "en": "New deals need a next step with a date."}),
)  # fmt: skip

OPENING = {
    "ru": ["{title} — {fact}; начните с них.", "{title} — {fact}. Это главное."],
    "en": [
        "{title}: {fact}; begin with these.",
        "{title}: {fact}. The main point.",
    ],
}  # fmt: skip
ANSWER = {
    "ru": "Ответьте клиенту {dialog}: он ждёт дольше других{who}.",
    "en": "Answer {dialog}, who has waited longest{who}.",
}
ANSWER_NEXT = {
    "ru": "Затем ответьте клиенту {dialog}{who}.",
    "en": "Then answer {dialog}{who}.",
}
RESPONSIBLE = {"ru": "; ответственный — {manager}", "en": "; responsible: {manager}"}
STEP = {
    "reason": {"ru": "Разберите с командой: {title} — {fact}.",
               "en": "Go through with the team: {title}: {fact}."},
    "crm": {"ru": "Заведите в CRM недостающие обращения: их {fact}.",
            "en": "Enter the missing requests into the CRM: {fact} of them."},
    "created": {"ru": "Назначьте задачу в каждой новой сделке: их {fact}.",
                "en": "Set a task in every new deal: {fact} of them."},
}  # fmt: skip


def telling_facts(materials: Materials) -> list[str]:
    """The day's own facts that are not zero, the most telling first; those of a part are not."""
    found = []
    for place, fact_id in enumerate(materials.of("fact")):
        details = materials.details("fact", fact_id)
        of_all = "manager_id" not in details and "channel" not in details
        if details.get("value") and of_all and _title(materials, fact_id):
            rank = _rank(materials, fact_id)
            # Of several reasons the most frequent comes first.
            weight = -float(details["value"]) if rank == REASON else 0.0
            found.append((rank, weight, place, fact_id))
    return [fact_id for *_, fact_id in sorted(found)]


def grouped_facts(materials: Materials) -> list[list[str]]:
    """The telling facts by kind, the most telling kind first; what is cited elsewhere is not."""
    elsewhere = "".join([headline(materials) or "", *steps(materials)])
    left = [each for each in telling_facts(materials) if _cited(each) not in elsewhere]
    return [list(group) for _, group in groupby(left, key=partial(_rank, materials))]


def headline(materials: Materials) -> str | None:
    """The main thing about the day, or None without a fact to cite."""
    telling = telling_facts(materials)
    if not telling:
        return None
    is_waiting = _rank(materials, telling[0]) == 0
    template = OPENING[materials.language][0 if is_waiting else 1]
    return template.format(title=_title(materials, telling[0]), fact=_cited(telling[0]))


def observation(materials: Materials, facts: list[str]) -> str:
    """One or two facts and why they matter."""
    said = [f"{_title(materials, fact_id)}: {_cited(fact_id)}." for fact_id in facts]
    rank = _rank(materials, facts[0])
    why = [KINDS[rank].why[materials.language]] if rank < len(KINDS) else []
    return " ".join([*said, *why])


def steps(materials: Materials) -> list[str]:
    """What to do next: the customers who wait, then what the facts ask for."""
    language = materials.language
    found = [
        (ANSWER if not place else ANSWER_NEXT)[language].format(
            dialog=f"{{dialog:{dialog_id}}}", who=_who(materials, dialog_id)
        )
        for place, dialog_id in enumerate(materials.of("dialog")[:2])
    ]
    telling = telling_facts(materials)
    for pattern, templates in STEP.items():
        for fact_id in telling:
            if _is_about(
                materials, fact_id, pattern if pattern != "reason" else KINDS[REASON].pattern
            ):
                title = _title(materials, fact_id)
                inside = title[:1].lower() + title[1:]
                found.append(templates[language].format(title=inside, fact=_cited(fact_id)))
                break
    return found[:MOST_STEPS]


def _who(materials: Materials, dialog_id: str) -> str:
    manager_id = materials.details("dialog", dialog_id).get("manager_id")
    if not manager_id:
        return ""
    return RESPONSIBLE[materials.language].format(manager=f"{{manager:{manager_id}}}")


def _rank(materials: Materials, fact_id: str) -> int:
    for rank, kind in enumerate(KINDS):
        if _is_about(materials, fact_id, kind.pattern):
            return rank
    return len(KINDS)


def _is_about(materials: Materials, fact_id: str, pattern: str) -> bool:
    text = f"{fact_id} {materials.label('fact', fact_id)}"
    return re.search(pattern, text, re.IGNORECASE) is not None


def _title(materials: Materials, fact_id: str) -> str:
    title = materials.label("fact", fact_id).strip().rstrip(".:")
    return title if is_numberless(title) else ""


def _cited(fact_id: str) -> str:
    return f"{{fact:{fact_id}}}"
