"""The customers a report names: what they are called, and those who have no deal in the CRM.

What lives here: their names and the list of those without a deal. Who waits is listed by
``facts_report``; the texts are ``wording``.
"""

from __future__ import annotations

from synkro_assets.domain.facts import DialogWithoutDeal, WaitingDialog
from synkro_assets.domain.report_document import Line, Section
from synkro_assets.reporting import figures
from synkro_assets.reporting.day_data import DayData

Customer = WaitingDialog | DialogWithoutDeal

WITHOUT_DEAL_SHOWN = 10


def contact_name(data: DayData, dialog: Customer) -> str:
    """What a customer is called in the report."""
    return " ".join((dialog.contact_name or "").split()) or data.wording.unknown_contact


def customer_said(data: DayData, dialog: Customer) -> str:
    """A customer's name; of a nameless one the phone, which says more than that there is none."""
    if not (dialog.contact_name or "").strip() and dialog.phone:
        return figures.phone(dialog.phone)
    return contact_name(data, dialog)


def without_deal(data: DayData) -> Section:
    """Who wrote and has no deal: to be entered into the CRM while the customer is still there."""
    words = data.wording
    lines = [_line(data, dialog) for dialog in data.without_deal[:WITHOUT_DEAL_SHOWN]]
    more = len(data.without_deal) - WITHOUT_DEAL_SHOWN
    if more > 0:
        counted = figures.counted(more, words.plurals["dialogs"], data.language)
        lines.append(Line(words.more_waiting.format(dialogs=counted), is_bullet=False))
    return Section(words.without_deal, tuple(lines))


def _line(data: DayData, dialog: DialogWithoutDeal) -> Line:
    words = data.wording
    details = [figures.phone(dialog.phone)] if dialog.phone else []
    if dialog.is_contact:
        manager_id = dialog.manager_id
        manager = data.manager_name(manager_id) if manager_id else words.nobody
        details.append(words.contact_only.format(manager=manager))
    else:
        details.append(words.not_in_crm)
    return Line(", ".join(details), lead=contact_name(data, dialog))
