"""What a sales analyst would conclude from a day's facts, for somebody who plans the next morning.

Lives here: which conclusions the facts allow. Small samples are not compared, nearly equal values
are not ranked, a good figure is no problem. Not here: the texts (``day_texts``), sentences for
prompts of another kind (``sentences``), where they go (``schema_answer``).
"""

from collections.abc import Iterator
from itertools import islice

from .day_figures import COMPANY, DayFigures, Reason
from .day_texts import TEXTS, DayTexts
from .materials import Materials

MOST_CONCLUSIONS, MOST_NAMED = 3, 3
ENOUGH = 5
"""Observations below which nothing is compared."""
CLEARLY, NEARLY = 1.5, 1.15
LONG_WAIT, SLOW_REPLY, QUICK_REPLY = 60, 30, 15
NOTABLE_SHARE = 0.2


def headline(materials: Materials) -> str | None:
    """The main thing about the day; None for a prompt that is not about one."""
    return _Analyst(materials).headline() if DayFigures(materials).is_of_a_day else None


def observations(materials: Materials) -> list[str]:
    """What the lists of figures do not show by themselves."""
    if not DayFigures(materials).is_of_a_day:
        return []
    analyst = _Analyst(materials)
    return list(islice(analyst.observations(), MOST_CONCLUSIONS)) or [analyst.nothing_to_see()]


def actions(materials: Materials) -> list[str]:
    """What to do next, the most urgent first."""
    if not DayFigures(materials).is_of_a_day:
        return []
    analyst = _Analyst(materials)
    return list(islice(analyst.actions(), MOST_CONCLUSIONS)) or [analyst.texts.nothing_urgent]


class _Analyst:
    def __init__(self, materials: Materials) -> None:
        self.materials, self.day = materials, DayFigures(materials)
        self.texts: DayTexts = TEXTS[materials.language]

    def headline(self) -> str:
        day, texts = self.day, self.texts
        if day.value("dialogs_unanswered"):
            return _sentence(day.in_form("dialogs_unanswered", texts.waiting))
        if day.value("dialogs_waiting_from_earlier_days"):
            return _sentence(
                day.in_form("dialogs_waiting_from_earlier_days", texts.waiting_from_before)
            )
        deals = self._deals()
        if not day.value("messages_in"):
            return _sentence(deals or texts.nothing_alarming)
        if deals:
            return _sentence(texts.nobody_waits_and.format(deals=deals))
        said = f"{texts.nobody_waits}: {day.in_form('dialogs', texts.dialogs)}"
        if day.size("first_reply_median_calendar"):
            said += texts.usual_reply.format(reply=day.cited("first_reply_median_calendar"))
        return _sentence(said)

    def _deals(self) -> str:
        """What became of deals, or nothing where nothing did."""
        day, texts = self.day, self.texts
        if compared := self._outcomes():
            return compared
        for metric in ("leads_won", "leads_lost", "leads_created", "leads_moved"):
            if not day.value(metric):
                continue
            said = day.in_form(metric, getattr(texts, metric.removeprefix("leads_")))
            if day.value(f"{metric}_amount"):
                said += texts.worth.format(amount=day.cited(f"{metric}_amount"))
            return said
        return ""

    def _outcomes(self) -> str:
        """Deals won against deals lost, where both are enough to compare and differ."""
        day = self.day
        won, lost = day.value("leads_won"), day.value("leads_lost")
        if min(won, lost) < ENOUGH or won == lost:
            return ""
        template = self.texts.more_lost if lost > won else self.texts.more_won
        return template.format(won=day.cited("leads_won"), lost=day.cited("leads_lost"))

    def observations(self) -> Iterator[str]:
        yield from self._of_replies()
        yield from self._of_parts()
        yield from self._of_money()
        yield from self._of_reasons()
        yield from self._of_missing()

    def nothing_to_see(self) -> str:
        is_little = all(self.day.value(each) < ENOUGH for each in ("dialogs", "leads_moved"))
        return self.texts.little_known if is_little else self.texts.nothing_alarming

    def _of_replies(self) -> Iterator[str]:
        day, texts = self.day, self.texts
        if day.value("dialogs_unanswered"):
            yield self._longest_wait()
        elif day.value("dialogs_waiting_from_earlier_days"):
            yield texts.silent_since
        is_known = day.size("first_reply_median_working") >= ENOUGH
        if is_known and day.value("first_reply_median_working") >= SLOW_REPLY:
            yield texts.slow_reply.format(reply=day.cited("first_reply_median_working"))

    def _longest_wait(self) -> str:
        day, texts = self.day, self.texts
        wait = day.cited("longest_wait_calendar")
        if day.value("longest_wait_calendar") < LONG_WAIT:
            return texts.short_wait.format(wait=wait)
        usual = "first_reply_median_calendar"
        is_enough = min(day.size(usual), day.size("longest_wait_calendar")) >= ENOUGH
        if is_enough and day.value(usual) <= QUICK_REPLY:
            return texts.late_for_some.format(reply=day.cited(usual), wait=wait)
        return texts.long_wait.format(wait=wait)

    def _of_parts(self) -> Iterator[str]:
        """A manager or a messenger that stands apart."""
        day, texts = self.day, self.texts
        if subject := self._most_unanswered():
            yield texts.unanswered_of.format(
                who=self._named(subject),
                unanswered=day.cited("dialogs_unanswered", subject),
                dialogs=day.in_form("dialogs", texts.of_dialogs, subject),
            )
        if slow := self._slowest():
            yield texts.slower.format(
                who=self._named(slow),
                reply=day.cited("first_reply_median_calendar", slow),
                usual=day.cited("first_reply_median_calendar"),
            )

    def _most_unanswered(self) -> str:
        parts = [*self.day.managers(), *self.day.channels()]
        ranked = sorted(parts, key=lambda each: -self.day.value("dialogs_unanswered", each))
        if len(ranked) < 2:
            return ""
        first, second = (self.day.value("dialogs_unanswered", each) for each in ranked[:2])
        return ranked[0] if first >= max(ENOUGH, CLEARLY * second) else ""

    def _slowest(self) -> str:
        metric, day = "first_reply_median_calendar", self.day
        known = [each for each in day.managers() if day.size(metric, each) >= ENOUGH]
        slowest = max(known, key=lambda each: day.value(metric, each), default=COMPANY)
        usual, found = day.value(metric), day.value(metric, slowest)
        return slowest if len(known) > 1 and found > max(QUICK_REPLY, CLEARLY * usual) else COMPANY

    def _named(self, subject: str) -> str:
        return f"{{manager:{subject}}}" if subject in self.day.managers() else subject

    def _of_money(self) -> Iterator[str]:
        day = self.day
        # Told by the headline already, but for the sums.
        if self._outcomes() and day.value("leads_lost") > day.value("leads_won"):
            return
        won, lost = day.value("leads_won_amount"), day.value("leads_lost_amount")
        if (
            min(day.size("leads_won_amount"), day.size("leads_lost_amount")) >= ENOUGH
            and lost > won
        ):
            yield self.texts.lost_money.format(
                lost=day.cited("leads_lost_amount"), won=day.cited("leads_won_amount")
            )

    def _of_reasons(self) -> Iterator[str]:
        texts, lost = self.texts, self.day.value("leads_lost")
        unnamed = next((each for each in self.day.reasons() if not each.name), None)
        if unnamed:
            yield self.day.in_form(unnamed.fact_id.rpartition(".")[2], texts.without_reason)
        leading = self._leading_reasons()
        if len(leading) == 1:
            yield texts.one_reason.format(
                name=leading[0].name,
                count=f"{{fact:{leading[0].fact_id}}}",
                lost=self.day.cited("leads_lost"),
            )
        if len(leading) > 1 and 2 * sum(each.value for each in leading) > lost:
            yield texts.close_reasons.format(name=leading[0].name, next=leading[1].name)

    def _leading_reasons(self) -> list[Reason]:
        """The reason that stands out, the pair that does, or none."""
        named = [each for each in self.day.reasons() if each.name]
        values = [each.value for each in named] + [0.0, 0.0]
        if values[0] < ENOUGH:
            return []
        if values[0] >= CLEARLY * values[1]:
            return named[:1]
        is_pair = values[0] <= NEARLY * values[1] and values[1] >= CLEARLY * values[2]
        return named[:2] if is_pair else []

    def _of_missing(self) -> Iterator[str]:
        day, texts = self.day, self.texts
        missing, dialogs = day.value("dialogs_without_deal"), day.value("dialogs")
        if dialogs >= ENOUGH and missing >= NOTABLE_SHARE * dialogs:
            yield texts.without_deal.format(
                missing=day.cited("dialogs_without_deal"),
                dialogs=day.in_form("dialogs", texts.of_dialogs),
            )

    def actions(self) -> Iterator[str]:
        yield from self._answers()
        if slow := self._slowest():
            yield self.texts.ask_why.format(who=self._named(slow))
        if any(not each.name for each in self.day.reasons()):
            yield self.texts.fill_reason
        yield from self._reviews()
        if dealless := [each for each in self.materials.of("dialog") if not self._waits(each)]:
            named = ", ".join(f"{{dialog:{each}}}" for each in dealless[:MOST_NAMED])
            yield self.texts.enter.format(names=named)

    def _answers(self) -> Iterator[str]:
        waiting = [each for each in self.materials.of("dialog") if self._waits(each)]
        if not waiting:
            return
        named = [self._customer(each) for each in waiting[:MOST_NAMED]]
        template = self.texts.answer if len(waiting) > 1 else self.texts.answer_only
        said = template.format(names=", ".join(text for text, _ in named))
        yield said + (self.texts.appoint if any(is_nobodys for _, is_nobodys in named) else "")

    def _waits(self, dialog_id: str) -> bool:
        return "waiting_minutes" in self.materials.details("dialog", dialog_id)

    def _customer(self, dialog_id: str) -> tuple[str, bool]:
        """A customer with who is responsible, and whether nobody is."""
        details, dialog = self.materials.details("dialog", dialog_id), f"{{dialog:{dialog_id}}}"
        if "manager_id" not in details:
            return dialog, False
        if not details["manager_id"]:
            return self.texts.nobody.format(dialog=dialog), True
        manager = f"{{manager:{details['manager_id']}}}"
        return self.texts.responsible.format(dialog=dialog, manager=manager), False

    def _reviews(self) -> Iterator[str]:
        leading = self._leading_reasons()
        if len(leading) > 1:
            yield self.texts.review_close.format(name=leading[0].name, next=leading[1].name)
        elif leading:
            yield self.texts.review.format(name=leading[0].name)
        elif self.day.value("leads_lost") >= ENOUGH:
            yield self.texts.review_lost
        elif self.day.value("leads_lost"):
            yield self.day.in_form("leads_lost", self.texts.review_few)


def _sentence(text: str) -> str:
    """With a capital letter and a full stop."""
    whole = text[:1].upper() + text[1:]
    return whole if whole.endswith(".") else f"{whole}."
