"""A report's sentences in Russian, about a day and about a period of one's own.

What lives here: text and plural forms only. Which sentence is said when is ``facts_report``; how a
number looks is ``figures``.
"""

from __future__ import annotations

from dataclasses import replace

from synkro_assets.reporting.wording_fields import (
    AMOCRM,
    BOTH,
    NOTHING,
    RADIST,
    Plural,
    Wording,
)


def _forms(one: str, few: str, many: str, **zero: str) -> Plural:
    """The forms of whole numbers: 1, 2 and 5; ``other`` is that of fractions."""
    return {"one": one, "few": few, "many": many, "other": few, **zero}


RUSSIAN = Wording(
    title="{name}: {day}",
    subtitle="{start} — {end} ({zone})",
    dialogs="Диалоги",
    deals="Сделки",
    managers="Менеджеры",
    channels="Каналы",
    waiting="Ждут ответа",
    without_deal="Нет сделки в CRM",
    observations="На что обратить внимание",
    actions="Что сделать",
    quiet={
        BOTH: "За этот день никто не написал и сделки не двигались.",
        RADIST: "За этот день никто не написал.",
        AMOCRM: "За этот день сделки не двигались.",
    },
    dialog_line="{dialogs}: {incoming} от клиентов, {outgoing} от компании",
    reply_line="{replies}; первый ответ — {calendar}{working}, медиана {dialogs}",
    no_reply_line="ответов клиентам в этот день не было",
    unanswered_line="без ответа {dialogs}, дольше всех клиент ждёт {calendar}{working}",
    unanswered_one_line="без ответа {dialogs}, клиент ждёт {calendar}{working}",
    working=" (в рабочее время — {})",
    all_answered_line="никто из написавших не остался без ответа",
    amount=" на {}",
    reasons_line="причины отказа: {reasons}",
    reason_unknown="не указана",
    more_reasons=" и другие",
    waits="ждёт {calendar}",
    since_earlier="ждёт с прошлых дней, {calendar}",
    more_waiting="и ещё {dialogs}",
    not_in_crm="номера нет в CRM",
    contact_only="есть контакт без сделки, {manager}",
    nobody="без ответственного",
    nobody_lead="Без ответственного",
    unknown_manager="Сотрудник без имени",
    unknown_contact="Без имени",
    part_reply="первый ответ {calendar}",
    part_deals="сделки: {deals}",
    part_amount=" ({})",
    complete="Полнота: {sources}; данные до {end}, собраны {fetched}.",
    sources={
        BOTH: "переписка и CRM целиком", RADIST: "переписка целиком", AMOCRM: "CRM целиком",
    },
    stale={
        "radist": "Неполный отчёт: переписку из Radist прочитать не удалось; данные на {at}.",
        "amocrm": "Неполный отчёт: сделки из amoCRM прочитать не удалось; данные на {at}.",
    },
    cut="Неполный отчёт: прочитано {unit}: {read} (лимит {limit}); остальное дочитает следующий "
    "запуск.",
    cut_of="{read} из {total}",
    cut_units={"dialogs": "диалогов", "leads": "сделок"},
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
        "dialogs": _forms("диалог", "диалога", "диалогов"),
        "messages": _forms("сообщение", "сообщения", "сообщений"),
    },
    phrases={
        "dialogs_by": _forms("по {} диалогу", "по {} диалогам", "по {} диалогам"),
        "replies": _forms(
            "клиентам ответили {} раз", "клиентам ответили {} раза", "клиентам ответили {} раз"
        ),
        "earlier": _forms(
            "ещё {} диалог ждёт ответа с прошлых дней",
            "ещё {} диалога ждут ответа с прошлых дней",
            "ещё {} диалогов ждут ответа с прошлых дней",
        ),
        "without_deal": _forms(
            "у {} диалога нет сделки в CRM", *["у {} диалогов нет сделки в CRM"] * 2
        ),
        "not_looked_up": _forms(
            "{} диалог не проверен по CRM: есть ли сделка, неизвестно",
            "{} диалога не проверены по CRM: есть ли сделки, неизвестно",
            "{} диалогов не проверено по CRM: есть ли сделки, неизвестно",
        ),
        "created": _forms(
            "создана {} сделка", "созданы {} сделки", "создано {} сделок", zero="новых сделок нет"
        ),
        "moved": _forms(*["этап сменился у {}"] * 3, zero="этап не сменился ни у одной"),
        "won": _forms(
            "выиграна {} сделка", "выиграны {} сделки", "выиграно {} сделок",
            zero="выигранных сделок нет",
        ),
        "lost": _forms(
            "проиграна {} сделка", "проиграны {} сделки", "проиграно {} сделок",
            zero="проигранных сделок нет",
        ),
        "set_aside": _forms(
            "{} запись не удалось прочитать, она отложена и в отчёт не вошла.",
            "{} записи не удалось прочитать, они отложены и в отчёт не вошли.",
            "{} записей не удалось прочитать, они отложены и в отчёт не вошли.",
        ),
        "part_unanswered": _forms(*["{} без ответа"] * 3),
        "part_without_deal": _forms(*["{} без сделки"] * 3),
        "part_created": _forms("{} новая", "{} новые", "{} новых"),
        "part_moved": _forms("{} сменила этап", "{} сменили этап", "{} сменили этап"),
        "part_won": _forms("{} выиграна", "{} выиграны", "{} выиграно"),
        "part_lost": _forms("{} проиграна", "{} проиграны", "{} проиграно"),
    },
    titles={
        "dialogs": "Диалогов за день",
        "messages_in": "Сообщений от клиентов",
        "messages_out": "Сообщений от компании",
        "dialogs_without_deal": "Диалогов без сделки в CRM",
        "dialogs_not_looked_up": "Диалогов, о которых CRM спросить не удалось",
        "dialogs_without_manager": "Диалогов без ответственного",
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
        "loss_reason_unknown": "Сделок проиграно без указанной причины",
    },
)  # fmt: skip

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
    since_earlier="ждёт с более раннего времени, {calendar}",
    by_model="Выводы написал ИИ ({model}) по фактам периода; числа подставлены из базы.",
    phrases=RUSSIAN.phrases
    | {
        "earlier": _forms(
            "ещё {} диалог ждёт ответа с более раннего времени",
            "ещё {} диалога ждут ответа с более раннего времени",
            "ещё {} диалогов ждут ответа с более раннего времени",
        ),
    },
    titles=RUSSIAN.titles
    | {
        "dialogs": "Диалогов за период",
        "dialogs_unanswered": "Диалогов без ответа на конец периода",
        "dialogs_waiting_from_earlier_days": "Диалогов, которые ждут ответа с более раннего "
        "времени",
    },
)
