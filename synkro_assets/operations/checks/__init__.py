"""What a check looks at, one module per kind of integration.

What lives here: the table of looks. A look asks its provider and returns what a person wants to
see, or raises a SynkroError whose one sentence says what is wrong. Remembering the outcome is
``operations/integration_checks.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from synkro_assets.operations.checks import (
    ai,
    amocrm,
    mobizon,
    radist,
    resend,
    supabase,
    telegram,
    whapi,
)
from synkro_assets.operations.checks.context import LookContext

LOOKS: dict[str, Callable[[Any, LookContext], dict[str, Any]]] = {
    "amocrm": amocrm.look,
    "radist": radist.look,
    "ai": ai.look,
    "telegram": telegram.look,
    "supabase": supabase.look,
    "resend": resend.look,
    "mobizon": mobizon.look,
    "whapi": whapi.look,
}

__all__ = ["LOOKS", "LookContext"]
