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

VARIABLE = "SYNKRO_ENCRYPTION_KEYS"
KEY_FILE = "encryption.key"

HOW_TO_MAKE_A_KEY = (
    "make one with python -c 'from cryptography.fernet import Fernet; "
    "print(Fernet.generate_key().decode())'"
)


class KeyRing:
    """Seals JSON objects; each names its tenant and kind, so that a swapped row will not open.

    What opens raises SecretUnreadable, naming tenant and kind, when it cannot. ``origin`` is where
    the keys stand, for the person who has to change them.
    """

    def __init__(self, keys: list[str], origin: str = VARIABLE) -> None:
        self.origin = origin
        try:
            fernets = [Fernet(key.strip()) for key in keys]
            self._newest, self._any = fernets[0], MultiFernet(fernets)
        except (ValueError, IndexError):
            raise UsageProblem(
                f"{origin} holds something that is no Fernet key: {HOW_TO_MAKE_A_KEY}"
            ) from None

    def seal(self, tenant_id: UUID, kind: str, secrets: dict[str, Any]) -> str:
        """The secrets as one token, sealed with the newest key."""
        envelope = {"tenant_id": str(tenant_id), "kind": kind, "secrets": secrets}
        return self._newest.encrypt(json.dumps(envelope).encode()).decode()

    def open(self, tenant_id: UUID, kind: str, token: str, *, owner: str) -> dict[str, Any]:
        """The secrets of a token; ``owner`` is the tenant's name for people, used in errors."""
        payload = _decrypted(self._any, token)
        if payload is None:
            raise SecretUnreadable(
                f"the {kind} secrets of {owner} open with no key of {self.origin}: put the key "
                "they were saved with there, or save them again"
            )
        return _secrets_of(tenant_id, kind, payload, owner)

    def is_newest(self, tenant_id: UUID, kind: str, token: str, *, owner: str) -> bool:
        """Whether the newest key opens a token; no other key is tried."""
        payload = _decrypted(self._newest, token)
        if payload is None:
            return False
        _secrets_of(tenant_id, kind, payload, owner)
        return True

    def resealed(self, tenant_id: UUID, kind: str, token: str, *, owner: str) -> str | None:
        """The same secrets under the newest key; None when they are."""
        if self.is_newest(tenant_id, kind, token, owner=owner):
            return None
        return self.seal(tenant_id, kind, self.open(tenant_id, kind, token, owner=owner))


def _decrypted(fernet: Fernet | MultiFernet, token: str) -> bytes | None:
    try:
        return fernet.decrypt(token.encode())
    except InvalidToken:
        return None


def _secrets_of(tenant_id: UUID, kind: str, payload: bytes, owner: str) -> dict[str, Any]:
    try:
        envelope = json.loads(payload)
    except ValueError:
        envelope = None
    match envelope:
        case {"tenant_id": sealed_for, "kind": sealed_as, "secrets": dict(secrets)} if (
            sealed_for == str(tenant_id) and sealed_as == kind
        ):
            return secrets
    raise SecretUnreadable(
        f"the {kind} secrets of {owner} were sealed for another tenant or kind: save them again"
    )


def configured_ring(keys: str | None, home: Path) -> KeyRing:
    """The ring of ``SYNKRO_ENCRYPTION_KEYS``, or of the key file in ``home``.

    The file is made once (mode 0600) with one key; a person may put a newer one on a line above.
    """
    if keys is not None:
        return KeyRing([key for key in keys.split(",") if key.strip()])
    file = home / KEY_FILE
    return KeyRing(_generated_once(file).split(), origin=str(file))


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
    return file.read_text(encoding="utf-8", errors="replace")
