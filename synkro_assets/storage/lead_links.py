"""Which contacts the stored leads are and were linked to.

What lives here: reading the pairs. They are stored by ``raw_loading.py``; which held when is in the
versions of a lead.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from synkro_assets.storage.arrays import array_of_ids
from synkro_assets.storage.database import Database

_LINKS = """
    select amocrm_lead_id as lead_id, amocrm_contact_id as contact_id
    from raw.amocrm_lead_contacts where tenant_id = %s and amocrm_lead_id = any(%s::bigint[])
"""


def linked_before(database: Database, tenant_id: UUID, leads: Iterable[int]) -> dict[int, set[int]]:
    """The contacts that each of ``leads`` is or was linked to, as far as it was read."""
    linked: dict[int, set[int]] = {}
    with database.tenant_transaction(tenant_id) as connection:
        for row in connection.execute(_LINKS, [tenant_id, array_of_ids(leads)]):
            linked.setdefault(row["lead_id"], set()).add(row["contact_id"])
    return linked
