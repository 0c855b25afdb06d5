"""A fact: one computed number with its subject, unit and sample size; and dialogs to act on.

What lives here: the shapes in which SQL's answers travel. Python never computes a metric; the query
is ``storage/period_facts.sql``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Fact:
    """A number about a period; ``value`` is None when there was nothing to measure (``n`` = 0).

    ``unit`` is ``count``, ``minutes`` or ``amount`` (whole units of ``currency_code``). The subject
    is the ``tenant``, a ``manager`` (by user id), a ``channel`` (by type of messenger, where no CRM
    says who is responsible) or a ``loss_reason``. What a source was not asked about has no fact.
    """

    fact_id: str
    subject_type: str
    subject_id: str
    subject_name: str | None
    metric: str
    value: Decimal | None
    unit: str
    n: int
    currency_code: str | None = None


@dataclass(frozen=True, slots=True)
class WaitingDialog:
    """A customer who waits for an answer when the window ends; ``since`` is aware UTC.

    ``is_active`` tells whether the dialog had a message in the window itself.
    """

    dialog_id: str
    contact_name: str | None
    phone: str | None
    since: datetime
    calendar_minutes: Decimal
    working_minutes: Decimal
    last_customer_text: str | None
    manager_id: str | None
    is_active: bool
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class DialogWithoutDeal:
    """A customer who wrote in the window and has no deal in the CRM at its end.

    ``is_contact``: the CRM knows the phone as a contact's, whose manager is ``manager_id``.
    """

    dialog_id: str
    contact_name: str | None
    phone: str | None
    is_contact: bool
    manager_id: str | None
