"""What of the audit log no table's trigger can write: ``app.audit_logs``.

What lives here: sign-ins. Changes of tenants, settings, secrets, people and runs are recorded by
the triggers of ``supabase/migrations/20260303090600_audit.sql``, whoever makes them.
"""

from __future__ import annotations

from synkro_assets.storage.database import Actor, Database
from synkro_assets.storage.people import person_by_email


def record_sign_in(database: Database, email: str, ip_address: str | None) -> None:
    """Record that somebody signed in."""
    _record(database, email, ip_address, "sign_in.succeeded", f"{email} signed in")


def record_failed_sign_in(
    database: Database, typed: str, ip_address: str | None, reason: str
) -> None:
    """Record that somebody could not sign in, and why.

    What was typed is repeated only where it is a known e-mail: people type passwords there.
    """
    with database.console_transaction() as connection:
        person = person_by_email(connection, typed.strip())
    who = person.email if person else "somebody unknown"
    _record(database, who, ip_address, "sign_in.failed", f"{who} could not sign in: {reason}")


def _record(
    database: Database, actor: str, ip_address: str | None, action: str, message: str
) -> None:
    """In a transaction of its own: what was tried stays, whatever becomes of the request."""
    with database.acting_as(Actor(actor, ip_address)).console_transaction() as connection:
        connection.execute("select app.record_audit(%s, %s)", [action, message])
