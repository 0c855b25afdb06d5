"""People and their roles: ``app.users``, ``app.user_roles``.

What lives here: the rows. Who may be given which role is ``operations/people.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from synkro_assets.domain.errors import UsageProblem
from synkro_assets.domain.tenant import TenantSlug
from synkro_assets.storage.database import Connection, scalar


@dataclass(frozen=True, slots=True)
class Role:
    """What a person may do, and where: without a slug in every tenant."""

    role: str
    slug: TenantSlug | None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in, unless ``disabled_at`` says since when no more."""

    user_id: UUID
    email: str
    disabled_at: datetime | None
    created_at: datetime
    roles: tuple[Role, ...]

    def role_in(self, slug: TenantSlug | None) -> str | None:
        """The role given for that very tenant, or for all of them."""
        return next((each.role for each in self.roles if each.slug == slug), None)


_PEOPLE = (
    "select person.user_id, person.email, person.disabled_at, person.created_at, "
    "coalesce(jsonb_agg(jsonb_build_object('role', role.role, 'slug', tenant.slug) "
    "order by tenant.slug nulls first) filter (where role.user_id is not null), '[]') as roles "
    "from app.users as person left join app.user_roles as role using (user_id) "
    "left join app.tenants as tenant on tenant.tenant_id = role.tenant_id "
    "where (%(email)s::text is null or lower(person.email) = lower(%(email)s)) "
    "group by person.user_id order by lower(person.email)"
)


def all_people(connection: Connection) -> list[Person]:
    """Everybody, by e-mail."""
    return [_person(row) for row in connection.execute(_PEOPLE, {"email": None})]


def person_by_email(connection: Connection, email: str) -> Person | None:
    """The person of an e-mail, however its letters are written."""
    row = connection.execute(_PEOPLE, {"email": email}).fetchone()
    return _person(row) if row else None


def create_person(connection: Connection, email: str, password_hash: str) -> UUID:
    """A new person without a role; raises UsageProblem when the e-mail is taken."""
    try:
        user_id: UUID = scalar(
            connection.execute(
                "insert into app.users (email, password_hash) values (%s, %s) returning user_id",
                [email, password_hash],
            ).fetchone()
        )
    except psycopg.errors.UniqueViolation:
        raise UsageProblem(f"{email} was added meanwhile: run the command again") from None
    return user_id


def enable_person(connection: Connection, user_id: UUID, password_hash: str) -> None:
    """Let a disabled person in again: with a new password, and without the roles of before."""
    connection.execute("delete from app.user_roles where user_id = %s", [user_id])
    connection.execute(
        "update app.users set disabled_at = null, password_hash = %s where user_id = %s",
        [password_hash, user_id],
    )


def disable_person(connection: Connection, user_id: UUID) -> None:
    """Let a person in no more; a second time changes nothing."""
    connection.execute(
        "update app.users set disabled_at = now() where user_id = %s and disabled_at is null",
        [user_id],
    )


def give_role(connection: Connection, user_id: UUID, role: str, tenant_id: UUID | None) -> None:
    """A role in one tenant or in all; the one that the person had there before is replaced."""
    connection.execute(
        "insert into app.user_roles (user_id, role, tenant_id) values (%s, %s, %s) "
        "on conflict (user_id, tenant_id) do update set role = excluded.role",
        [user_id, role, tenant_id],
    )


def _person(row: dict[str, Any]) -> Person:
    return Person(**{**row, "roles": tuple(Role(**each) for each in row["roles"])})
