"""Sealing secrets at rest: a ring of Fernet keys, the first seals, all of them open.

What lives here: keys and envelopes. Where sealed secrets are stored: ``integrations``. Which fields
are secret: ``providers/catalog.py``.
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from synkro_assets.domain.errors import SecretUnreadable, UsageProblem

KEY_FILE = "encryption.key"

HOW_TO_MAKE_A_KEY = (
    "make one with python -c 'from cryptography.fernet import Fernet; "
    "print(Fernet.generate_key().decode())'"
)


class KeyRing:
    """Seals JSON objects; each names its tenant and kind, so that a swapped row will not open."""

    def __init__(self, keys: list[str]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key.strip()) for key in keys])
        except ValueError:
            raise UsageProblem(
                f"SYNKRO_ENCRYPTION_KEYS holds something that is no Fernet key: {HOW_TO_MAKE_A_KEY}"
            ) from None

    def seal(self, tenant_id: UUID, kind: str, secrets: dict[str, Any]) -> str:
        """The secrets as one token, sealed with the newest key."""
        envelope = {"tenant_id": str(tenant_id), "kind": kind, "secrets": secrets}
        return self._fernet.encrypt(json.dumps(envelope).encode()).decode()

    def open(self, tenant_id: UUID, kind: str, token: str, *, owner: str) -> dict[str, Any]:
        """The secrets of a token; ``owner`` is the tenant's name for people, used in errors."""
        try:
            envelope = json.loads(self._fernet.decrypt(token.encode()))
        except (InvalidToken, ValueError):
            raise SecretUnreadable(
                f"the {kind} secrets of {owner} open with none of the configured keys: put the key "
                f"they were saved with into SYNKRO_ENCRYPTION_KEYS, or save them again"
            ) from None
        if envelope.get("tenant_id") != str(tenant_id) or envelope.get("kind") != kind:
            raise SecretUnreadable(
                f"the {kind} secrets of {owner} were sealed for another tenant or kind: save them "
                "again"
            )
        secrets = envelope["secrets"]
        assert isinstance(secrets, dict)
        return secrets


def configured_ring(keys: str | None, home: Path) -> KeyRing:
    """The ring of ``SYNKRO_ENCRYPTION_KEYS``, or of a key made once in ``home`` (mode 0600)."""
    if keys is not None:
        return KeyRing([key for key in keys.split(",") if key.strip()] or [""])
    return KeyRing([_generated_once(home / KEY_FILE)])


def _generated_once(file: Path) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        descriptor, complete = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.")
        try:
            with open(descriptor, "wb") as stream:
                stream.write(Fernet.generate_key())
            # A hard link appears whole or not at all: two first commands agree on one key.
            with suppress(FileExistsError):
                os.link(complete, file)
        finally:
            os.unlink(complete)
    return file.read_text().strip()
