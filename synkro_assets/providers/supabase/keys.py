"""The kinds of key a Supabase project has, and which of them may write.

What lives here: telling the kinds apart by their look, before any request. What does not: what the
project answers to a key (``errors``), its place in a request (``sdk_transports``).

There are two generations (reference §7.2): the old keys are JWTs whose ``role`` says what they may,
the new ones are opaque and say it in their first letters. A key that is neither is left to the
project to judge.
"""

from __future__ import annotations

import base64
import json
from enum import Enum
from typing import Any

from synkro_assets.domain.errors import ProviderRefused

PROVIDER = "Supabase"


class KeyKind(Enum):
    """A key by its generation and its rights."""

    SECRET = "secret key (sb_secret_…)"
    PUBLISHABLE = "publishable key (sb_publishable_…)"
    SERVICE_ROLE = "service_role key"
    ANON = "anon key"
    USER_TOKEN = "token of a signed-in user"
    UNKNOWN = "key of an unknown kind"

    @property
    def may_write(self) -> bool:
        """Whether the kind passes row security; an unknown one is given the chance."""
        return self in (KeyKind.SECRET, KeyKind.SERVICE_ROLE, KeyKind.UNKNOWN)


_PREFIXES = {"sb_secret_": KeyKind.SECRET, "sb_publishable_": KeyKind.PUBLISHABLE}
_ROLES = {
    "service_role": KeyKind.SERVICE_ROLE,
    "anon": KeyKind.ANON,
    "authenticated": KeyKind.USER_TOKEN,
}


def key_kind(key: str) -> KeyKind:
    """The kind of a key, by its look alone."""
    for prefix, kind in _PREFIXES.items():
        if key.startswith(prefix):
            return kind
    return _ROLES.get(str(_claims(key).get("role")), KeyKind.UNKNOWN)


def is_jwt(key: str) -> bool:
    """Whether a key is a JWT, which is also a bearer token; an opaque one is not."""
    return bool(_claims(key))


def require_writing_key(key: str) -> None:
    """Raise ProviderRefused for a key that is known not to pass row security."""
    kind = key_kind(key)
    if not kind.may_write:
        raise ProviderRefused(
            PROVIDER,
            f"service_role_key holds the {kind.value}, which may not write: save the project's "
            "secret key (sb_secret_…, or the service_role key of older projects) instead",
        )


def _claims(key: str) -> dict[str, Any]:
    parts = key.split(".")
    if len(parts) != 3:
        return {}
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        claims = json.loads(base64.urlsafe_b64decode(padded))
    except (ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
