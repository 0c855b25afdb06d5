"""The report that code alone can write: every section that facts and waiting dialogs give.

What lives here: which sentence is said when. The sentences are ``wording``, the numbers come from
SQL, and a model's words are added by ``writer``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from synkro_assets.domain.business_day import BusinessDay, Window
from synkro_assets.domain.facts import Fact, WaitingDialog
from synkro_assets.domain.report_document import Line, ReportDocument, Section
from synkro_assets.reporting import figures
from synkro_assets.reporting.wording import WORDINGS, Wording

WAITING_SHOWN = 10
QUOTE_LENGTH = 140


@dataclass(frozen=True, slots=True)
class DayData:
    """Everything a daily report is made from; instants are aware UTC."""

    tenant_name: str
    language: str
    business_day: BusinessDay
    window: Window
    timezone: str
    facts: tuple[Fact, ...]
    waiting: tuple[WaitingDialog, ...]
    managers: dict[str, str]
    fetched_at: datetime
    sources: tuple[str, ...]

    @property
    def wording(self) -> Wording:
        return WORDINGS[self.language]

    def fact(self, metric: str, manager_id: str | None = None) -> Fact | None:
        """A fact of the tenant or of a manager; None where the mode cannot know it."""
        subject = ("tenant", "") if manager_id is None else ("manager", manager_id)
        for fact in self.facts:
            if fact.metric == metric and (fact.subject_type, fact.subject_id) == subject:
                return fact
        return None

    def value(self, metric: str, manager_id: str | None = None) -> Decimal:
        """A fact's value, zero when there is none."""
        fact = self.fact(metric, manager_id)
        return fact.value if fact and fact.value is not None else Decimal(0)


def facts_document(data: DayData) -> ReportDocument:
    """The deterministic report; ``writer`` completes its opening, sections and notes."""
    sections = [_dialogs(data), _waiting(data), _deals(data), _managers(data)]
    shown = tuple(section for section in sections if section and section.lines)
    words = data.wording
    is_quiet = not any(data.value(metric) for metric in _SIGNS_OF_LIFE)
    return ReportDocument(
        title=words.title.format(
            name=data.tenant_name, day=figures.day_name(data.business_day, data.language)
        ),
        subtitle=words.subtitle.format(
            start=figures.moment(data.window.start, data.timezone, data.language),
            end=figures.moment(data.window.end, data.timezone, data.language),
            timezone=data.timezone,
        ),
        opening=words.quiet_day if is_quiet else "",
        sections=() if is_quiet else shown,
        notes=(_completeness(data),),
    )


_SIGNS_OF_LIFE = (
    "dialogs", "dialogs_waiting_from_earlier_days", "leads_created", "leads_moved", "leads_won",
    "leads_lost",
)  # fmt: skip


def _dialogs(data: DayData) -> Section | None:
    words, language = data.wording, data.language
    if data.fact("dialogs") is None:
        return None
    lines = [
        words.dialog_line.format(
            dialogs=_counted(data, "dialogs", data.value("dialogs")),
            incoming=_counted(data, "messages", data.value("messages_in")),
            outgoing=figures.count(data.value("messages_out"), language),
        ),
        _reply_line(data),
        _unanswered_line(data),
    ]
    if data.value("dialogs_waiting_from_earlier_days"):
        earlier = data.value("dialogs_waiting_from_earlier_days")
        lines.append(words.earlier_line.format(dialogs=_counted(data, "dialogs", earlier)))
    if data.value("dialogs_without_crm") and "amocrm" in data.sources:
        missing = data.value("dialogs_without_crm")
        lines.append(words.without_crm_line.format(dialogs=_counted(data, "dialogs", missing)))
    return Section(words.dialogs, tuple(Line(text) for text in lines if text))


def _reply_line(data: DayData) -> str:
    calendar = data.fact("first_reply_median_calendar")
    if not data.value("dialogs"):
        return ""
    if calendar is None or calendar.value is None:
        return data.wording.no_reply_line
    forms = data.wording.plurals["dialogs_by"]
    phrase = figures.plural_form(calendar.n, forms, data.language)
    return data.wording.reply_line.format(
        calendar=figures.duration(calendar.value, data.language),
        working=_working(data, calendar.value, data.value("first_reply_median_working")),
        dialogs=phrase.format(figures.count(calendar.n, data.language)),
    )


def _unanswered_line(data: DayData) -> str:
    unanswered = data.value("dialogs_unanswered")
    if not unanswered:
        return data.wording.all_answered_line if data.value("dialogs") else ""
    longest = data.value("longest_wait_calendar")
    return data.wording.unanswered_line.format(
        dialogs=_counted(data, "dialogs", unanswered),
        calendar=figures.duration(longest, data.language),
        working=_working(data, longest, data.value("longest_wait_working")),
    )


def _working(data: DayData, calendar: Decimal, working: Decimal) -> str:
    """The working time within a duration, where it says something the duration does not."""
    shown = figures.duration(working, data.language)
    if working < 1 or shown == figures.duration(calendar, data.language):
        return ""
    return data.wording.working.format(shown)


def _waiting(data: DayData) -> Section:
    words = data.wording
    lines = [_waiting_line(data, dialog) for dialog in data.waiting[:WAITING_SHOWN]]
    more = len(data.waiting) - WAITING_SHOWN
    if more > 0:
        text = words.more_waiting.format(dialogs=_counted(data, "dialogs", more))
        lines.append(Line(text, is_bullet=False))
    return Section(words.waiting, tuple(lines))


def _waiting_line(data: DayData, dialog: WaitingDialog) -> Line:
    words = data.wording
    template = words.waits if dialog.is_active_in_day else words.since_earlier
    details = [template.format(calendar=figures.duration(dialog.calendar_minutes, data.language))]
    if dialog.phone:
        details.append(figures.phone(dialog.phone))
    if "amocrm" in data.sources:
        details.append(data.managers.get(dialog.manager_id or "", words.nobody))
    return Line(", ".join(details), lead=contact_name(data, dialog), quote=_excerpt(dialog))


def contact_name(data: DayData, dialog: WaitingDialog) -> str:
    """What a customer is called in the report."""
    return " ".join((dialog.contact_name or "").split()) or data.wording.unknown_contact


def _excerpt(dialog: WaitingDialog) -> str:
    text = " ".join((dialog.last_customer_text or "").split())
    return text if len(text) <= QUOTE_LENGTH else f"{text[: QUOTE_LENGTH - 1].rstrip()}…"


def _deals(data: DayData) -> Section | None:
    words, language = data.wording, data.language
    if data.fact("leads_created") is None:
        return None
    count = {
        name: figures.count(data.value(f"leads_{name}"), language)
        for name in ("created", "moved", "won", "lost")
    }
    lines = [
        words.created_moved_line.format(created=count["created"], moved=count["moved"]),
        words.won_line.format(won=count["won"], amount=_amount(data, "leads_won_amount")),
        words.lost_line.format(lost=count["lost"], amount=_amount(data, "leads_lost_amount")),
    ]
    reasons = [fact for fact in data.facts if fact.subject_type == "loss_reason"]
    if reasons:
        reasons.sort(key=lambda fact: (-(fact.value or 0), fact.subject_id))
        listed = "; ".join(
            f"{fact.subject_name or words.no_reason} — {figures.fact_value(fact, language)}"
            for fact in reasons
        )
        lines.append(words.reasons_line.format(reasons=listed))
    return Section(words.deals, tuple(Line(text) for text in lines))


def _amount(data: DayData, metric: str, manager_id: str | None = None) -> str:
    fact = data.fact(metric, manager_id)
    if fact is None or not fact.value:
        return ""
    return f" ({figures.fact_value(fact, data.language)})"


def _managers(data: DayData) -> Section | None:
    if "amocrm" not in data.sources:
        return None
    active = {fact.subject_id for fact in data.facts if fact.subject_type == "manager"}
    names = sorted((data.managers.get(manager_id, ""), manager_id) for manager_id in active)
    lines = [
        Line(", ".join(_manager_details(data, manager_id)), lead=name)
        for name, manager_id in names
        if name
    ]
    return Section(data.wording.managers, tuple(line for line in lines if line.text))


def _manager_details(data: DayData, manager_id: str) -> list[str]:
    words, language = data.wording, data.language
    details = []
    if dialogs := data.value("dialogs", manager_id):
        details.append(words.manager_dialogs.format(dialogs=_counted(data, "dialogs", dialogs)))
    reply = data.fact("first_reply_median_calendar", manager_id)
    if reply and reply.value is not None:
        calendar = figures.duration(reply.value, language)
        details.append(words.manager_reply.format(calendar=calendar))
    for metric, template in (
        ("dialogs_unanswered", words.manager_unanswered),
        ("leads_created", words.manager_created),
        ("leads_moved", words.manager_moved),
        ("leads_won", words.manager_won),
        ("leads_lost", words.manager_lost),
    ):
        if value := data.value(metric, manager_id):
            amount = _amount(data, f"{metric}_amount", manager_id)
            details.append(template.format(value=figures.count(value, language), amount=amount))
    return details


def _completeness(data: DayData) -> str:
    return data.wording.complete.format(
        sources=", ".join(data.wording.sources[source] for source in data.sources),
        end=figures.moment(data.window.end, data.timezone, data.language),
        fetched=figures.moment(data.fetched_at, data.timezone, data.language),
    )


def _counted(data: DayData, noun: str, value: Decimal | int) -> str:
    return figures.counted(value, data.wording.plurals[noun], data.language)
