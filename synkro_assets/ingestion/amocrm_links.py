"""Which contacts a lead of amoCRM is linked to.

What lives here: reading the links out of a lead. What is done with them is ``amocrm.py``.
"""

from __future__ import annotations

from typing import Any

from synkro_assets.domain.soundness import identifier
from synkro_assets.ingestion.contact_channels import objects_in

Payload = dict[str, Any]


def contact_links(lead: Payload) -> list[Payload]:
    """The links of a lead that lead somewhere; an odd one costs the lead no more than itself."""
    embedded = lead.get("_embedded")
    links = objects_in(embedded.get("contacts")) if isinstance(embedded, dict) else []
    return [link for link in links if identifier(link.get("id")) is None]


def contact_ids(lead: Payload) -> set[int]:
    """The contacts a lead is linked to."""
    return {link["id"] for link in contact_links(lead)}
