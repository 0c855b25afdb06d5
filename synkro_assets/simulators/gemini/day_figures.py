"""A day's facts and waiting customers as a prompt gives them, ready to be written about.

Lives here: finding a fact by what it measures and of whom, and citing it with the noun that its
value asks for. Not here: what is worth saying (``insights``) and the texts (``day_texts``).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from .materials import Materials
from .sentences import is_numberless

COMPANY = ""
KNOWN = frozenset({"dialogs", "leads_created"})
_REASON = re.compile(r"[«“](.+)[»”]")


@dataclass(frozen=True)
class Reason:
    """A reason for losing deals; without a name where none was given."""

    name: str
    fact_id: str
    value: float


@dataclass(frozen=True)
class DayFigures:
    """The figures of a prompt; a subject is a manager's id, a channel's name or the company."""

    materials: Materials

    @cached_property
    def _facts(self) -> dict[tuple[str, str], tuple[str, float, int]]:
        found: dict[tuple[str, str], tuple[str, float, int]] = {}
        for fact_id in self.materials.of("fact"):
            details = self.materials.details("fact", fact_id)
            subject = str(details.get("manager_id") or details.get("channel") or COMPANY)
            known = (fact_id, float(details.get("value") or 0), int(details.get("n") or 0))
            found.setdefault((subject, fact_id.rpartition(".")[2]), known)
        return found

    @property
    def is_of_a_day(self) -> bool:
        """Whether the prompt is about what this module knows at all."""
        return any((COMPANY, metric) in self._facts for metric in KNOWN)

    def knows(self, metric: str) -> bool:
        return (COMPANY, metric) in self._facts

    def value(self, metric: str, subject: str = COMPANY) -> float:
        return self._facts.get((subject, metric), ("", 0.0, 0))[1]

    def size(self, metric: str, subject: str = COMPANY) -> int:
        """How many observations a fact is made of."""
        return self._facts.get((subject, metric), ("", 0.0, 0))[2]

    def cited(self, metric: str, subject: str = COMPANY) -> str:
        """The placeholder that code replaces by the fact's value."""
        return f"{{fact:{self._facts[subject, metric][0]}}}"

    def in_form(self, metric: str, forms: tuple[str, ...], subject: str = COMPANY) -> str:
        """The text that goes with a count, with the fact cited in it."""
        form = forms[_form(int(self.value(metric, subject)), self.materials.language)]
        return form.format(self.cited(metric, subject))

    def managers(self) -> list[str]:
        return self.materials.of("manager")

    def channels(self) -> list[str]:
        """The messengers that can be named in words without a digit."""
        named = {
            str(details["channel"])
            for fact_id in self.materials.of("fact")
            if "channel" in (details := self.materials.details("fact", fact_id))
        }
        return sorted(each for each in named if is_numberless(each))

    def reasons(self) -> list[Reason]:
        """Why deals were lost, the most frequent first."""
        return sorted(self._reasons(), key=lambda each: -each.value)

    def _reasons(self) -> Iterator[Reason]:
        for fact_id in self.materials.of("fact"):
            if fact_id.startswith("loss_reason."):
                title = self.materials.label("fact", fact_id)
                named = _REASON.search(title)
                value = float(self.materials.details("fact", fact_id).get("value") or 0)
                if is_numberless(title):
                    yield Reason(named[1] if named else "", fact_id, value)


def _form(value: int, language: str) -> int:
    """The place of a number's form: of 1, of 2 and of 5 in Russian, of 1 and of 2 in English."""
    if language == "en":
        return int(value != 1)
    if value % 100 in range(11, 15):
        return 2
    return {1: 0, 2: 1, 3: 1, 4: 1}.get(value % 10, 2)
