"""Looking at a tenant's own Supabase project.

What lives here: only the way there; what is looked at is ``delivery/supabase_look.py``.
"""

from __future__ import annotations

from typing import Any

from synkro_assets.delivery.supabase_look import look_at_project
from synkro_assets.operations.checks.context import LookContext
from synkro_assets.providers.supabase import SupabaseClient


def look(client: SupabaseClient, context: LookContext) -> dict[str, Any]:
    """Whether an export would succeed."""
    return look_at_project(client, str(context.tenant.tenant_id))
