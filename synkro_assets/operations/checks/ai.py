"""Looking at a model's key: the models it may use.

What lives here: what is shown of them. The requests are ``providers/gemini``.
"""

from __future__ import annotations

from typing import Any

from synkro_assets.operations.checks.context import LookContext
from synkro_assets.providers.gemini import GeminiClient


def look(client: GeminiClient, _: LookContext) -> dict[str, Any]:
    """The models the key may use."""
    models = [each.get("name") for each in client.models()]
    return {"model": client.model, "models": models}
