"""The shape of a report's wording: every text that a language must have.

What lives here: names of texts, no text. The texts are ``russian`` and ``english``; which of them a
report takes is ``wording``.
"""

from __future__ import annotations

from dataclasses import dataclass

Plural = dict[str, str]
"""Forms by CLDR's plural category; ``zero`` is said of nothing at all, in any language."""

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
    without_deal: str
    observations: str
    actions: str
    quiet: dict[tuple[str, ...], str]
    dialog_line: str
    reply_line: str
    no_reply_line: str
    unanswered_line: str
    unanswered_one_line: str
    working: str
    all_answered_line: str
    amount: str
    reasons_line: str
    reason_unknown: str
    more_reasons: str
    waits: str
    since_earlier: str
    more_waiting: str
    not_in_crm: str
    contact_only: str
    nobody: str
    nobody_lead: str
    unknown_manager: str
    unknown_contact: str
    part_reply: str
    part_deals: str
    part_amount: str
    complete: str
    sources: dict[tuple[str, ...], str]
    stale: dict[str, str]
    cut: str
    cut_of: str
    cut_units: dict[str, str]
    by_model: str
    without_model: str
    reasons_without_model: dict[str, str]
    plurals: dict[str, Plural]
    phrases: dict[str, Plural]
    titles: dict[str, str]
