"""The report that code alone can write: every section that facts and waiting dialogs give.

What lives here: which sentence is said when; who has no deal is told by ``customers``. The
sentences are ``wording``, the numbers come from SQL, a model's words are added by ``writer``.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from synkro_assets.domain.facts import WaitingDialog
from synkro_assets.domain.report_document import Line, ReportDocument, Section
from synkro_assets.reporting import figures
from synkro_assets.reporting.customers import contact_name, without_deal
from synkro_assets.reporting.day_data import TENANT, DayData, Subject
from synkro_assets.reporting.gaps import gap_notes, whole_sources

WAITING_SHOWN = 10
REASONS_SHOWN = 7
QUOTE_LENGTH = 140


def facts_document(data: DayData) -> ReportDocument:
    """The deterministic report; ``writer`` completes its opening, sections and notes."""
    sections = [
        _dialogs(data), _waiting(data), without_deal(data), _deals(data), _managers(data),
        _channels(data),
    ]  # fmt: skip
    shown = tuple(section for section in sections if section and section.lines)
    is_quiet = data.is_quiet
    return ReportDocument(
        title=_title(data),
        subtitle=_subtitle(data),
        opening=data.wording.quiet[data.sources] if is_quiet else "",
        sections=() if is_quiet else shown,
        notes=(*gap_notes(data), *_completeness(data), *_set_aside(data)),
    )


def _title(data: DayData) -> str:
    """The day's name, or the window where it is no day."""
    start, end = figures.span(data.window, data.timezone, data.language)
    return data.wording.title.format(
        name=data.tenant_name,
        day=figures.day_name(data.business_day, data.language),
        start=start,
        end=end,
        zone=figures.zone_name(data.timezone, data.language),
    )


def _subtitle(data: DayData) -> str:
    if not data.is_forced:
        return data.wording.subtitle.format(
            start=figures.moment(data.window.start, data.timezone, data.language),
            end=figures.moment(data.window.end, data.timezone, data.language),
            zone=figures.zone_name(data.timezone, data.language),
        )
    zone = ZoneInfo(data.timezone)
    # A window that ends at midnight has no part in the date that begins then.
    last_instant = data.window.end - timedelta(microseconds=1)
    dates = [instant.astimezone(zone).date() for instant in (data.window.start, last_instant)]
    return " — ".join(dict.fromkeys(figures.day_name(each, data.language) for each in dates))


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
    if earlier := data.value("dialogs_waiting_from_earlier_days"):
        lines.append(_phrase(data, "earlier", earlier))
    for name in ("without_deal", "not_looked_up"):
        if count := data.value(f"dialogs_{name}"):
            lines.append(_phrase(data, name, count))
    return Section(words.dialogs, tuple(Line(text) for text in lines if text))


def _reply_line(data: DayData) -> str:
    calendar = data.fact("first_reply_median_calendar")
    if calendar is None or calendar.value is None:
        # To whom nobody wrote, nobody owes an answer.
        return data.wording.no_reply_line if data.value("messages_in") else ""
    return data.wording.reply_line.format(
        replies=_phrase(data, "replies", data.value("replies")),
        calendar=figures.duration(calendar.value, data.language),
        working=_working(data, calendar.value, data.value("first_reply_median_working")),
        dialogs=_phrase(data, "dialogs_by", calendar.n),
    )


def _unanswered_line(data: DayData) -> str:
    unanswered = data.value("dialogs_unanswered")
    if not unanswered:
        return data.wording.all_answered_line if data.value("messages_in") else ""
    longest = data.value("longest_wait_calendar")
    words = data.wording
    template = words.unanswered_one_line if unanswered == 1 else words.unanswered_line
    return template.format(
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
    template = words.waits if dialog.is_active else words.since_earlier
    details = [template.format(calendar=figures.duration(dialog.calendar_minutes, data.language))]
    if dialog.phone:
        details.append(figures.phone(dialog.phone))
    if "amocrm" in data.sources:
        manager_id = dialog.manager_id
        details.append(data.manager_name(manager_id) if manager_id else words.nobody)
    elif dialog.channel:
        details.append(figures.channel_name(dialog.channel))
    return Line(", ".join(details), lead=contact_name(data, dialog), quote=_excerpt(dialog))


def _excerpt(dialog: WaitingDialog) -> str:
    text = " ".join((dialog.last_customer_text or "").split())
    return text if len(text) <= QUOTE_LENGTH else f"{text[: QUOTE_LENGTH - 1].rstrip()}…"


def _deals(data: DayData) -> Section | None:
    words = data.wording
    if data.fact("leads_created") is None:
        return None
    said = {
        name: _phrase(data, name, data.value(f"leads_{name}"))
        for name in ("created", "moved", "won", "lost")
    }
    lines = [
        f"{said['created']}; {said['moved']}",
        said["won"] + _amount(data, words.amount, "leads_won_amount"),
        said["lost"] + _amount(data, words.amount, "leads_lost_amount"),
        _reasons_line(data),
    ]
    return Section(words.deals, tuple(Line(text) for text in lines if text))


def _reasons_line(data: DayData) -> str:
    words = data.wording
    reasons = [fact for fact in data.facts if fact.subject_type == "loss_reason"]
    if not reasons:
        return ""
    reasons.sort(key=lambda fact: (-(fact.value or 0), fact.subject_id))
    listed = "; ".join(
        f"{fact.subject_name or words.reason_unknown} — {figures.fact_value(fact, data.language)}"
        for fact in reasons[:REASONS_SHOWN]
    )
    more = words.more_reasons if len(reasons) > REASONS_SHOWN else ""
    return words.reasons_line.format(reasons=listed + more)


def _amount(data: DayData, template: str, metric: str, subject: Subject = TENANT) -> str:
    fact = data.fact(metric, subject)
    if fact is None or not fact.value:
        return ""
    return template.format(figures.fact_value(fact, data.language))


def _managers(data: DayData) -> Section:
    words = data.wording
    named = ((data.manager_name(each), each) for each in data.subjects("manager"))
    lines = [
        Line(_subject_details(data, ("manager", manager_id)), lead=name)
        for name, manager_id in sorted(named)
    ]
    shown = [line for line in lines if line.text]
    if unassigned := data.value("dialogs_without_manager"):
        shown.append(Line(_counted(data, "dialogs", unassigned), lead=words.nobody_lead))
    return Section(words.managers, tuple(shown))


def _channels(data: DayData) -> Section | None:
    """Where customers write, told where no CRM says who answers for them; one says nothing new."""
    channels = sorted(
        data.subjects("channel"), key=lambda each: (-data.value("dialogs", ("channel", each)), each)
    )
    if len(channels) < 2:
        return None
    lines = [
        Line(_subject_details(data, ("channel", each)), lead=figures.channel_name(each))
        for each in channels
    ]
    return Section(data.wording.channels, tuple(line for line in lines if line.text))


def _subject_details(data: DayData, subject: Subject) -> str:
    """What a manager or a messenger had part in: of dialogs, then of deals."""
    words = data.wording
    details, deals = [], []
    if dialogs := data.value("dialogs", subject):
        details.append(_counted(data, "dialogs", dialogs))
    if unanswered := data.value("dialogs_unanswered", subject):
        details.append(_phrase(data, "part_unanswered", unanswered))
    if dealless := data.value("dialogs_without_deal", subject):
        details.append(_phrase(data, "part_without_deal", dealless))
    reply = data.fact("first_reply_median_calendar", subject)
    if reply and reply.value is not None:
        calendar = figures.duration(reply.value, data.language)
        details.append(words.part_reply.format(calendar=calendar))
    for outcome in ("created", "moved", "won", "lost"):
        if value := data.value(f"leads_{outcome}", subject):
            amount = _amount(data, words.part_amount, f"leads_{outcome}_amount", subject)
            deals.append(_phrase(data, f"part_{outcome}", value) + amount)
    of_deals = words.part_deals.format(deals=", ".join(deals)) if deals else ""
    return "; ".join(filter(None, (", ".join(details), of_deals)))


def _completeness(data: DayData) -> tuple[str, ...]:
    whole = whole_sources(data)
    if not whole:
        return ()
    text = data.wording.complete.format(
        sources=data.wording.sources[whole],
        end=figures.moment(data.data_until, data.timezone, data.language),
        fetched=figures.moment(data.fetched_at, data.timezone, data.language),
    )
    return (text,)


def _set_aside(data: DayData) -> tuple[str, ...]:
    """Told only when there is something: what could not be read is in none of the numbers."""
    return (_phrase(data, "set_aside", data.quarantined),) if data.quarantined else ()


def _phrase(data: DayData, name: str, value: Decimal | int) -> str:
    return figures.phrase(value, data.wording.phrases[name], data.language)


def _counted(data: DayData, noun: str, value: Decimal | int) -> str:
    return figures.counted(value, data.wording.plurals[noun], data.language)
