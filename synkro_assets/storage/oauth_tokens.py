"""An account's OAuth tokens: renewed once however many ask, stored before anybody uses them.

What lives here: the lock under which tokens are renewed (``app.integration_configs``) and the note
of each request for them (``app.token_requests``). How new tokens are asked for is the provider's
(``providers/amocrm/tokens.py``); who is told when they end, ``operations/amocrm_tokens.py``.

The note is committed by a connection of its own before the request leaves, so that a process that
is killed in between leaves it behind: the refresh token may be spent by then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from synkro_assets.domain.errors import (
    MissingIntegration,
    OutcomeUnknown,
    ProviderUnavailable,
    SynkroError,
    TokenExpired,
)
from synkro_assets.domain.protocols import Clock, Tokens
from synkro_assets.storage.database import Connection, Database
from synkro_assets.storage.key_ring import KeyRing

# Longer than a request with all its time-outs, and one to an account that has moved.
_LONGEST_WAIT = "60s"
_BEFORE_ANOTHER_ATTEMPT = timedelta(minutes=5)
_MOST_ATTEMPTS = 2

_SETTINGS = (
    "select set_config('lock_timeout', %s, true), "
    "set_config('app.audit_action', 'secrets.refreshed', true)"
)
_LOCK = (
    "select public_data, secret_data_encrypted as sealed from app.integration_configs "
    "where tenant_id = %s and kind = %s for update"
)
_REPLACE = (
    "update app.integration_configs set public_data = public_data || %s, "
    "secret_data_encrypted = %s where tenant_id = %s and kind = %s"
)
_NOTE = (
    "insert into app.token_requests as noted (tenant_id, kind, fingerprint, sent_at, run_id) "
    "values (%(tenant_id)s, %(kind)s, %(fingerprint)s, %(now)s, %(run_id)s) "
    "on conflict (tenant_id, kind) do update set fingerprint = excluded.fingerprint, "
    "sent_at = excluded.sent_at, run_id = excluded.run_id, refused_at = null, attempts = case "
    "when noted.fingerprint = excluded.fingerprint then noted.attempts + 1 else 1 end"
)


@dataclass(frozen=True, slots=True)
class OAuthTokens:
    """The tokens of one integration; ``run_id`` is who asks, ``owner`` its name for people."""

    database: Database
    keys: KeyRing
    clock: Clock
    tenant_id: UUID
    kind: str
    provider: str
    owner: str
    run_id: UUID | None = None

    def fresh(self, stale: str, refresh: Callable[[Tokens], Tokens]) -> Tokens:
        """The ``TokenStore``'s method; see there."""
        try:
            with self.database.tenant_transaction(self.tenant_id) as connection:
                connection.execute(_SETTINGS, [_LONGEST_WAIT])
                public, secrets = self._locked(connection)
                held = _tokens(public, secrets)
                if held.access_token != stale:
                    return held
                new = self._asked(held, refresh)
                self._store(connection, secrets, new)
                forget_token_requests(connection, self.tenant_id, self.kind)
        except psycopg.errors.LockNotAvailable:
            text = f"{self.provider} takes too long to hand out new tokens: try again later"
            raise ProviderUnavailable(self.provider, text) from None
        return new

    def is_held(self, connection: Connection, token: str) -> bool:
        """Whether the account is opened by this access token still, until the transaction ends."""
        row = connection.execute(_LOCK, [self.tenant_id, self.kind]).fetchone()
        if row is None or row["sealed"] is None:
            return False
        secrets = self.keys.open(self.tenant_id, self.kind, row["sealed"], owner=self.owner)
        return token in {secrets.get("long_lived_token") or secrets.get("access_token")}

    def _locked(self, connection: Connection) -> tuple[dict[str, Any], dict[str, Any]]:
        row = connection.execute(_LOCK, [self.tenant_id, self.kind]).fetchone()
        if row is None or row["sealed"] is None:
            raise MissingIntegration(f"{self.owner} has no {self.kind} integration any more")
        secrets = self.keys.open(self.tenant_id, self.kind, row["sealed"], owner=self.owner)
        if not (secrets.get("access_token") and secrets.get("refresh_token")):
            raise MissingIntegration(
                f"the {self.kind} integration of {self.owner} was saved without OAuth tokens "
                "during the work: run it again"
            )
        return row["public_data"], secrets

    def _store(self, connection: Connection, secrets: dict[str, Any], new: Tokens) -> None:
        public = {
            "expires_at": new.expires_at.isoformat() if new.expires_at else None,
            "base_url": new.base_url,
        }
        kept = {
            **secrets,
            "access_token": new.access_token,
            "refresh_token": new.refresh_token,
        }
        sealed = self.keys.seal(self.tenant_id, self.kind, kept)
        connection.execute(_REPLACE, [Jsonb(public), sealed, self.tenant_id, self.kind])

    def _asked(self, held: Tokens, refresh: Callable[[Tokens], Tokens]) -> Tokens:
        attempt = self._note(_fingerprint(held))
        try:
            return refresh(held)
        except TokenExpired:
            self._mark_refused()
            raise
        except OutcomeUnknown:
            if attempt < _MOST_ATTEMPTS:
                raise
            self._mark_refused()
            raise self._burnt() from None
        except SynkroError:
            self._take_back(attempt)
            raise

    def _note(self, fingerprint: str) -> int:
        """Note the request that is about to leave; raises when none may."""
        with self.database.tenant_transaction(self.tenant_id) as connection:
            row = connection.execute(
                "select attempts, sent_at, run_id, refused_at from app.token_requests "
                "where tenant_id = %s and kind = %s and fingerprint = %s",
                [self.tenant_id, self.kind, fingerprint],
            ).fetchone()
            if row is not None:
                self._refuse_another(**row)
            connection.execute(
                _NOTE,
                {
                    "tenant_id": self.tenant_id,
                    "kind": self.kind,
                    "fingerprint": fingerprint,
                    "now": self.clock.now(),
                    "run_id": self.run_id,
                },
            )
        return 1 if row is None else int(row["attempts"]) + 1

    def _refuse_another(
        self, attempts: int, sent_at: datetime, run_id: UUID | None, refused_at: datetime | None
    ) -> None:
        if refused_at is not None or attempts >= _MOST_ATTEMPTS:
            raise self._burnt()
        again_at = sent_at + _BEFORE_ANOTHER_ATTEMPT
        is_same_run = run_id is not None and run_id == self.run_id
        if is_same_run or self.clock.now() < again_at:
            raise OutcomeUnknown(
                self.provider,
                f"{self.provider}'s new tokens were lost on their way: another run asks once more, "
                f"not before {again_at:%H:%M} UTC",
            )

    def _burnt(self) -> TokenExpired:
        text = f"{self.provider} no longer accepts the refresh token: connect {self.provider} again"
        return TokenExpired(self.provider, text)

    def _mark_refused(self) -> None:
        with self.database.tenant_transaction(self.tenant_id) as connection:
            connection.execute(
                "update app.token_requests set refused_at = %s where tenant_id = %s and kind = %s",
                [self.clock.now(), self.tenant_id, self.kind],
            )

    def _take_back(self, attempt: int) -> None:
        """Uncount a request that spent nothing; what an earlier one did stays open."""
        with self.database.tenant_transaction(self.tenant_id) as connection:
            if attempt == 1:
                forget_token_requests(connection, self.tenant_id, self.kind)
                return
            connection.execute(
                "update app.token_requests set attempts = attempts - 1 "
                "where tenant_id = %s and kind = %s",
                [self.tenant_id, self.kind],
            )


def forget_token_requests(connection: Connection, tenant_id: UUID, kind: str) -> None:
    """Let requests for tokens leave again: there are new ones to go by."""
    connection.execute(
        "delete from app.token_requests where tenant_id = %s and kind = %s", [tenant_id, kind]
    )


def _tokens(public: dict[str, Any], secrets: dict[str, Any]) -> Tokens:
    expires_at = public.get("expires_at")
    return Tokens(
        secrets["access_token"],
        secrets["refresh_token"],
        datetime.fromisoformat(expires_at) if expires_at else None,
        public["base_url"],
    )


def _fingerprint(held: Tokens) -> str:
    return hashlib.sha256(held.refresh_token.encode()).hexdigest()
