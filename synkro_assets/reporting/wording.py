"""The report's own sentences in Russian and English, about a day and about a period of one's own.

What lives here: text and plural forms only. Which sentence is said when is ``facts_report``; how a
number looks is ``figures``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

Plural = dict[str, str]

# What a report speaks of, by the sources that were read.
BOTH, RADIST, AMOCRM, NOTHING = ("radist", "amocrm"), ("radist",), ("amocrm",), ()


@dataclass(frozen=True, slots=True)
class Wording:
    """Every text of a report in one language; braces are filled by code."""

    title: str
    subtitle: str
    dialogs: str
    deals: str
    managers: str
    channels: str
    waiting: str
    observations: str
    actions: str
    quiet: dict[tuple[str, ...], str]
    dialog_line: str
    reply_line: str
    no_reply_line: str
    unanswered_line: str
    working: str
    all_answered_line: str
    earlier_line: str
    without_crm_line: str
    created_moved_line: str
    won_line: str
    lost_line: str
    reasons_line: str
    no_reason: str
    waits: str
    since_earlier: str
    more_waiting: str
    nobody: str
    unknown_contact: str
    part_dialogs: str
    part_reply: str
    part_unanswered: str
    part_created: str
    part_moved: str
    part_won: str
    part_lost: str
    complete: str
    sources: dict[str, str]
    by_model: str
    without_model: str
    reasons_without_model: dict[str, str]
    plurals: dict[str, Plural]
    titles: dict[str, str]


RUSSIAN = Wording(
    title="{name}: {day}",
    subtitle="{start} — {end}, {timezone}",
    dialogs="Диалоги",
    deals="Сделки",
    managers="Менеджеры",
    channels="Каналы",
    waiting="Ждут ответа",
    observations="На что обратить внимание",
    actions="Что сделать",
    quiet={
        BOTH: "За этот день никто не написал и сделки не двигались.",
        RADIST: "За этот день никто не написал.",
        AMOCRM: "За этот день сделки не двигались.",
    },
    dialog_line="{dialogs}: {incoming} от клиентов, {outgoing} от компании",
    reply_line="первый ответ, медиана {dialogs}: {calendar}{working}",
    no_reply_line="ответов клиентам в этот день не было",
    unanswered_line="без ответа: {dialogs}, дольше всех ждут {calendar}{working}",
    working=" (рабочего времени {})",
    all_answered_line="все обращения дня получили ответ",
    earlier_line="ещё ждут с прошлых дней: {dialogs}",
    without_crm_line="нет в CRM: {dialogs}",
    created_moved_line="создано: {created}, сменили этап: {moved}",
    won_line="выиграно: {won}{amount}",
    lost_line="проиграно: {lost}{amount}",
    reasons_line="причины: {reasons}",
    no_reason="причина не указана",
    waits="ждёт {calendar}",
    since_earlier="ждёт с прошлых дней, {calendar}",
    more_waiting="и ещё {dialogs}",
    nobody="ответственный не найден",
    unknown_contact="Без имени",
    part_dialogs="{dialogs}",
    part_reply="первый ответ {calendar}",
    part_unanswered="без ответа {value}",
    part_created="создано сделок {value}",
    part_moved="сменили этап {value}",
    part_won="выиграно {value}{amount}",
    part_lost="проиграно {value}",
    complete="Полнота: {sources}; данные по {end} включительно, собраны {fetched}.",
    sources={"radist": "переписка целиком", "amocrm": "CRM целиком"},
    by_model="Выводы написал ИИ ({model}) по фактам дня; числа подставлены из базы.",
    without_model="Отчёт собран без ИИ: {reason}.",
    reasons_without_model={
        "not_configured": "интеграция с ИИ не подключена",
        "too_few_dialogs": "слишком мало диалогов для выводов",
        "quiet": "выводы делать не из чего",
        "refused": "сервис ИИ отклонил запрос",
        "unavailable": "сервис ИИ не ответил",
        "ungrounded": "выводы ИИ не прошли проверку по фактам",
    },
    plurals={
        "dialogs": {"one": "диалог", "few": "диалога", "many": "диалогов", "other": "диалога"},
        "messages": {
            "one": "сообщение", "few": "сообщения", "many": "сообщений", "other": "сообщения"
        },
        "dialogs_by": {
            "one": "по {} диалогу", "few": "по {} диалогам", "many": "по {} диалогам",
            "other": "по {} диалога",
        },
    },
    titles={
        "dialogs": "Диалогов за день",
        "messages_in": "Сообщений от клиентов",
        "messages_out": "Сообщений от компании",
        "dialogs_without_crm": "Диалогов, которых нет в CRM",
        "replies": "Ответов клиентам",
        "first_reply_median_calendar": "Медиана времени первого ответа",
        "first_reply_median_working": "Медиана времени первого ответа в рабочие часы",
        "dialogs_unanswered": "Диалогов без ответа на конец дня",
        "longest_wait_calendar": "Самое долгое ожидание ответа",
        "longest_wait_working": "Самое долгое ожидание ответа в рабочих часах",
        "dialogs_waiting_from_earlier_days": "Диалогов, которые ждут ответа с прошлых дней",
        "leads_created": "Создано сделок",
        "leads_moved": "Сделок сменили этап",
        "leads_won": "Сделок выиграно",
        "leads_won_amount": "Сумма выигранных сделок",
        "leads_lost": "Сделок проиграно",
        "leads_lost_amount": "Сумма проигранных сделок",
        "loss_reason": "Сделок проиграно по причине «{}»",
    },
)  # fmt: skip

ENGLISH = Wording(
    title="{name}: {day}",
    subtitle="{start} — {end}, {timezone}",
    dialogs="Dialogs",
    deals="Deals",
    managers="Managers",
    channels="Channels",
    waiting="Waiting for an answer",
    observations="Worth your attention",
    actions="What to do",
    quiet={
        BOTH: "Nobody wrote and no deal moved on this day.",
        RADIST: "Nobody wrote on this day.",
        AMOCRM: "No deal moved on this day.",
    },
    dialog_line="{dialogs}: {incoming} from customers, {outgoing} from the company",
    reply_line="first reply, median of {dialogs}: {calendar}{working}",
    no_reply_line="customers got no replies on this day",
    unanswered_line="unanswered: {dialogs}, longest wait {calendar}{working}",
    working=" (working time {})",
    all_answered_line="every customer of the day got an answer",
    earlier_line="still waiting from earlier days: {dialogs}",
    without_crm_line="not in the CRM: {dialogs}",
    created_moved_line="created: {created}, changed stage: {moved}",
    won_line="won: {won}{amount}",
    lost_line="lost: {lost}{amount}",
    reasons_line="reasons: {reasons}",
    no_reason="no reason given",
    waits="waiting {calendar}",
    since_earlier="waiting since earlier days, {calendar}",
    more_waiting="and {dialogs} more",
    nobody="nobody responsible found",
    unknown_contact="No name",
    part_dialogs="{dialogs}",
    part_reply="first reply {calendar}",
    part_unanswered="unanswered {value}",
    part_created="deals created {value}",
    part_moved="changed stage {value}",
    part_won="won {value}{amount}",
    part_lost="lost {value}",
    complete="Completeness: {sources}; data up to {end}, collected {fetched}.",
    sources={"radist": "all conversations", "amocrm": "all of the CRM"},
    by_model="Conclusions by AI ({model}) from the day's facts; numbers come from the database.",
    without_model="This report was made without AI: {reason}.",
    reasons_without_model={
        "not_configured": "no AI integration is connected",
        "too_few_dialogs": "too few dialogs to draw conclusions from",
        "quiet": "there is nothing to draw conclusions from",
        "refused": "the AI service refused the request",
        "unavailable": "the AI service did not answer",
        "ungrounded": "the AI's conclusions did not pass the check against the facts",
    },
    plurals={
        "dialogs": {"one": "dialog", "other": "dialogs"},
        "messages": {"one": "message", "other": "messages"},
        "dialogs_by": {"one": "{} dialog", "other": "{} dialogs"},
    },
    titles={
        "dialogs": "Dialogs of the day",
        "messages_in": "Messages from customers",
        "messages_out": "Messages from the company",
        "dialogs_without_crm": "Dialogs that are not in the CRM",
        "replies": "Replies to customers",
        "first_reply_median_calendar": "Median time to first reply",
        "first_reply_median_working": "Median time to first reply in working hours",
        "dialogs_unanswered": "Dialogs unanswered at the day's end",
        "longest_wait_calendar": "Longest wait for an answer",
        "longest_wait_working": "Longest wait for an answer in working hours",
        "dialogs_waiting_from_earlier_days": "Dialogs waiting since earlier days",
        "leads_created": "Deals created",
        "leads_moved": "Deals that changed stage",
        "leads_won": "Deals won",
        "leads_won_amount": "Amount of deals won",
        "leads_lost": "Deals lost",
        "leads_lost_amount": "Amount of deals lost",
        "loss_reason": "Deals lost for the reason '{}'",
    },
)

RUSSIAN_PERIOD = replace(
    RUSSIAN,
    title="{name}: отчёт за период {start} — {end} ({zone})",
    quiet={
        BOTH: "За это время никто не написал и сделки не двигались.",
        RADIST: "За это время никто не написал.",
        AMOCRM: "За это время сделки не двигались.",
        NOTHING: "За это время сменился режим: ни один источник не охватывает период целиком.",
    },
    no_reply_line="ответов клиентам за это время не было",
    all_answered_line="все обращения периода получили ответ",
    earlier_line="ещё ждут с более раннего времени: {dialogs}",
    since_earlier="ждёт с более раннего времени, {calendar}",
    by_model="Выводы написал ИИ ({model}) по фактам периода; числа подставлены из базы.",
    titles=RUSSIAN.titles
    | {
        "dialogs": "Диалогов за период",
        "dialogs_unanswered": "Диалогов без ответа на конец периода",
        "dialogs_waiting_from_earlier_days": "Диалогов, которые ждут ответа с более раннего "
        "времени",
    },
)

ENGLISH_PERIOD = replace(
    ENGLISH,
    title="{name}: report for {start} — {end} ({zone})",
    quiet={
        BOTH: "Nobody wrote and no deal moved in this time.",
        RADIST: "Nobody wrote in this time.",
        AMOCRM: "No deal moved in this time.",
        NOTHING: "The mode changed in this time: no source covers the whole period.",
    },
    no_reply_line="customers got no replies in this time",
    all_answered_line="every customer of the period got an answer",
    earlier_line="still waiting from before: {dialogs}",
    since_earlier="waiting since before, {calendar}",
    by_model="Conclusions by AI ({model}) from the period's facts; numbers come from the database.",
    titles=ENGLISH.titles
    | {
        "dialogs": "Dialogs of the period",
        "dialogs_unanswered": "Dialogs unanswered at the period's end",
        "dialogs_waiting_from_earlier_days": "Dialogs waiting since before the period",
    },
)

WORDINGS = {"ru": RUSSIAN, "en": ENGLISH}
_OF_PERIODS = {"ru": RUSSIAN_PERIOD, "en": ENGLISH_PERIOD}


def wording_of(language: str, *, is_forced: bool) -> Wording:
    """The sentences of a day's report, or of one about a window of its own."""
    return _OF_PERIODS[language] if is_forced else WORDINGS[language]
