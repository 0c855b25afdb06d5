"""A report's sentences in English, about a day and about a period of one's own.

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


def _forms(one: str, other: str, **zero: str) -> Plural:
    return {"one": one, "other": other, **zero}


ENGLISH = Wording(
    title="{name}: {day}",
    subtitle="{start} — {end} ({zone})",
    dialogs="Dialogs",
    deals="Deals",
    managers="Managers",
    channels="Channels",
    waiting="Waiting for an answer",
    without_deal="No deal in the CRM",
    observations="Worth your attention",
    actions="What to do",
    quiet={
        BOTH: "Nobody wrote and no deal moved on this day.",
        RADIST: "Nobody wrote on this day.",
        AMOCRM: "No deal moved on this day.",
    },
    dialog_line="{dialogs}: {incoming} from customers, {outgoing} from the company",
    reply_line="{replies}; first reply in {calendar}{working}, median of {dialogs}",
    no_reply_line="customers got no replies on this day",
    unanswered_line="{dialogs} unanswered, the longest wait is {calendar}{working}",
    unanswered_one_line="{dialogs} unanswered, waiting {calendar}{working}",
    working=" ({} of working time)",
    all_answered_line="nobody who wrote was left without an answer",
    amount=", worth {}",
    reasons_line="reasons for losing: {reasons}",
    reason_unknown="not given",
    more_reasons=" and others",
    waits="waiting {calendar}",
    since_earlier="waiting since earlier days, {calendar}",
    more_waiting="and {dialogs} more",
    not_in_crm="not found in the CRM",
    contact_only="a contact without a deal, {manager}",
    nobody="nobody responsible",
    nobody_lead="Nobody responsible",
    unknown_manager="Unnamed user",
    unknown_contact="No name",
    part_reply="first reply in {calendar}",
    part_deals="deals: {deals}",
    part_amount=" ({})",
    complete="Completeness: {sources}; data until {end}, collected {fetched}.",
    sources={
        BOTH: "all conversations and all of the CRM",
        RADIST: "all conversations",
        AMOCRM: "all of the CRM",
    },
    stale={
        "radist": "Incomplete: conversations could not be read from Radist; data as of {at}.",
        "amocrm": "Incomplete: deals could not be read from amoCRM; data as of {at}.",
    },
    cut="Incomplete: read {read} {unit}: limit {limit}; the rest follows with the next run.",
    cut_of="{read} of {total}",
    cut_units={"dialogs": "dialogs", "leads": "deals"},
    by_model="Conclusions by AI ({model}) from the day’s facts; numbers come from the database.",
    without_model="This report was made without AI: {reason}.",
    reasons_without_model={
        "not_configured": "no AI integration is connected",
        "too_few_dialogs": "too few dialogs to draw conclusions from",
        "quiet": "there is nothing to draw conclusions from",
        "refused": "the AI service refused the request",
        "unavailable": "the AI service did not answer",
        "ungrounded": "the AI’s conclusions did not pass the check against the facts",
    },
    plurals={
        "dialogs": _forms("dialog", "dialogs"),
        "messages": _forms("message", "messages"),
    },
    phrases={
        "dialogs_by": _forms("{} dialog", "{} dialogs"),
        "replies": _forms("customers were answered once", "customers were answered {} times"),
        "earlier": _forms(
            "{} more dialog has been waiting since earlier days",
            "{} more dialogs have been waiting since earlier days",
        ),
        "without_deal": _forms(
            "{} dialog has no deal in the CRM", "{} dialogs have no deal in the CRM"
        ),
        "not_looked_up": _forms(
            "{} dialog could not be checked against the CRM: it may have a deal or not",
            "{} dialogs could not be checked against the CRM: they may have deals or not",
        ),
        "created": _forms("{} new deal", "{} new deals", zero="no new deals"),
        "moved": _forms(
            "{} deal changed stage", "{} deals changed stage", zero="none changed stage"
        ),
        "won": _forms("{} deal won", "{} deals won", zero="no deals won"),
        "lost": _forms("{} deal lost", "{} deals lost", zero="no deals lost"),
        "set_aside": _forms(
            "{} record could not be read and was set aside; it is not in this report.",
            "{} records could not be read and were set aside; they are not in this report.",
        ),
        "part_unanswered": _forms("{} unanswered", "{} unanswered"),
        "part_without_deal": _forms("{} without a deal", "{} without a deal"),
        "part_created": _forms("{} new", "{} new"),
        "part_moved": _forms("{} changed stage", "{} changed stage"),
        "part_won": _forms("{} won", "{} won"),
        "part_lost": _forms("{} lost", "{} lost"),
    },
    titles={
        "dialogs": "Dialogs of the day",
        "messages_in": "Messages from customers",
        "messages_out": "Messages from the company",
        "dialogs_without_deal": "Dialogs without a deal in the CRM",
        "dialogs_not_looked_up": "Dialogs that the CRM could not be asked about",
        "dialogs_without_manager": "Dialogs that nobody is responsible for",
        "replies": "Replies to customers",
        "first_reply_median_calendar": "Median time to first reply",
        "first_reply_median_working": "Median time to first reply in working hours",
        "dialogs_unanswered": "Dialogs unanswered at the day’s end",
        "longest_wait_calendar": "Longest wait for an answer",
        "longest_wait_working": "Longest wait for an answer in working hours",
        "dialogs_waiting_from_earlier_days": "Dialogs waiting since earlier days",
        "leads_created": "Deals created",
        "leads_moved": "Deals that changed stage",
        "leads_won": "Deals won",
        "leads_won_amount": "Amount of deals won",
        "leads_lost": "Deals lost",
        "leads_lost_amount": "Amount of deals lost",
        "loss_reason": "Deals lost for the reason “{}”",
        "loss_reason_unknown": "Deals lost without a reason given",
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
    since_earlier="waiting since before, {calendar}",
    by_model="Conclusions by AI ({model}) from the period’s facts; numbers come from the database.",
    phrases=ENGLISH.phrases
    | {
        "earlier": _forms(
            "{} more dialog has been waiting since before",
            "{} more dialogs have been waiting since before",
        ),
    },
    titles=ENGLISH.titles
    | {
        "dialogs": "Dialogs of the period",
        "dialogs_unanswered": "Dialogs unanswered at the period’s end",
        "dialogs_waiting_from_earlier_days": "Dialogs waiting since before the period",
    },
)
