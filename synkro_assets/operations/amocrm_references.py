"""What a tenant already holds of amoCRM's users, pipelines and loss reasons.

What lives here: reading the stored lists. How old they may be and when a day needs newer ones is
``ingestion/amocrm_references.py``.
"""

from __future__ import annotations

from synkro_assets.domain.tenant import Tenant
from synkro_assets.ingestion.amocrm_references import OLDEST, HeldReferences
from synkro_assets.operations.platform import Platform

_NEWEST = "select max(fetched_at) as fetched_at from raw.amocrm_accounts where tenant_id = %s"
_USERS = "select amocrm_user_id as id from raw.amocrm_users where tenant_id = %s"
_REASONS = "select amocrm_loss_reason_id as id from raw.amocrm_loss_reasons where tenant_id = %s"
_STAGES = """
    select p.amocrm_pipeline_id as pipeline_id, (stage ->> 'id')::bigint as id
    from raw.amocrm_pipelines as p,
        jsonb_array_elements(p.payload -> '_embedded' -> 'statuses') as stage
    where p.tenant_id = %s
"""


def held_references(platform: Platform, tenant: Tenant) -> HeldReferences | None:
    """The lists as they were last read, or None when that is days ago or never was."""
    of_tenant = [tenant.tenant_id]
    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
        newest = connection.execute(_NEWEST, of_tenant).fetchone()
        read_at = newest["fetched_at"] if newest else None
        if read_at is None or not read_at > platform.clock.now() - OLDEST:
            return None
        return HeldReferences(
            frozenset(row["id"] for row in connection.execute(_USERS, of_tenant)),
            frozenset(
                (row["pipeline_id"], row["id"]) for row in connection.execute(_STAGES, of_tenant)
            ),
            frozenset(row["id"] for row in connection.execute(_REASONS, of_tenant)),
        )
