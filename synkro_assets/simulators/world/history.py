"""What a lead was before it became what it is, and what is still to come.

Lives here: the versions of a lead by the instant from which the CRM shows them. Not here: what
changes a lead (``lead_life``), and putting a whole world back to an instant (``present``).
"""

from dataclasses import fields, replace
from datetime import datetime

from .model import Day, Lead


def keep(lead: Lead, shown_from: datetime) -> None:
    """Remember the lead as it stands; the CRM shows it so from that instant on."""
    lead.versions.append((shown_from, replace(lead, versions=[])))


def lead_at(lead: Lead, moment: datetime) -> Lead | None:
    """The lead as the CRM shows it at that moment; ``None`` before it is there."""
    if lead.versions[-1][0] <= moment:
        return lead
    return next((each for shown, each in reversed(lead.versions) if shown <= moment), None)


def forget_plans(day: Day, lead: Lead, moment: datetime) -> None:
    """Drop what the day still has in store for the lead, so that it may go another way."""
    seen = lead_at(lead, moment)
    if seen is None or seen is lead:
        return
    for each in fields(Lead):
        if each.name != "versions":
            setattr(lead, each.name, getattr(seen, each.name))
    lead.versions = [version for version in lead.versions if version[0] <= moment]
    day.events = [
        event
        for event in day.events
        if (event.entity_type, event.entity_id) != ("lead", lead.id) or event.shown_from <= moment
    ]
