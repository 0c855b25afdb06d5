"""People: who is let in, and with which role in which tenant.

What lives here: the rules. Rows are ``storage/people.py``, passwords are ``passwords``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from synkro_assets.domain.errors import UsageProblem
from synkro_assets.domain.tenant import Tenant, TenantSlug
from synkro_assets.operations.passwords import hashed, require_usable
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.tenant_config import find_tenant
from synkro_assets.storage.people import (
    Person,
    all_people,
    create_person,
    disable_person,
    enable_person,
    give_role,
    person_by_email,
)

SUPER_ADMIN = "super_admin"
ROLES = (SUPER_ADMIN, "admin_lite", "user")

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_LONGEST_EMAIL = 254


def parse_email(text: str) -> str:
    """An e-mail address as it was typed, without blanks around it; raises UsageProblem."""
    email = text.strip()
    if not _EMAIL.fullmatch(email) or len(email) > _LONGEST_EMAIL:
        raise UsageProblem(f"{text!r} is not an e-mail address")
    return email


def require_role(role: str, slug: TenantSlug | None) -> None:
    """Raise UsageProblem for a role there is not, or one that is not given for one tenant."""
    if role not in ROLES:
        raise UsageProblem(f"unknown role {role!r}: choose one of {', '.join(ROLES)}")
    if role == SUPER_ADMIN and slug is not None:
        raise UsageProblem(
            "a super_admin is one of the whole installation: leave --tenant out, or choose "
            "admin_lite"
        )


def add_user(
    platform: Platform,
    email: str,
    role: str,
    slug: TenantSlug | None,
    ask_password: Callable[[], str],
) -> str:
    """Let a person in, or give one who is in another role; returns the sentence on what was done.

    ``ask_password`` is called only when a password is needed: for a new person, and for one who was
    disabled. Raises UsageProblem for what the rules refuse.
    """
    email = parse_email(email)
    require_role(role, slug)
    tenant = find_tenant(platform, slug) if slug is not None else None
    with platform.database.console_transaction() as connection:
        person = person_by_email(connection, email)
    if person is not None and person.disabled_at is None:
        return _give(platform, person, role, tenant)
    password = ask_password()
    require_usable(password, email)
    password_hash = hashed(password)
    with platform.database.console_transaction() as connection:
        if person is None:
            user_id = create_person(connection, email, password_hash)
        else:
            user_id, email = person.user_id, person.email
            enable_person(connection, user_id, password_hash)
        give_role(connection, user_id, role, tenant.tenant_id if tenant else None)
    verb = "is added" if person is None else "may sign in again, with the new password"
    return f"{email} {verb}: {_place(role, slug)}"


def _give(platform: Platform, person: Person, role: str, tenant: Tenant | None) -> str:
    slug = tenant.slug if tenant else None
    before = person.role_in(slug)
    if before == role:
        raise UsageProblem(f"{person.email} is {_place(role, slug)} already: nothing was changed")
    with platform.database.console_transaction() as connection:
        give_role(connection, person.user_id, role, tenant.tenant_id if tenant else None)
    was = f", and no longer {before}" if before else ""
    return f"{person.email} is {_place(role, slug)}{was}; the password stays as it was"


def disable_user(platform: Platform, email: str) -> str:
    """Let a person in no more; returns the e-mail as it is stored.

    Raises UsageProblem when there is no such person; one who is disabled stays so.
    """
    with platform.database.console_transaction() as connection:
        person = person_by_email(connection, parse_email(email))
        if person is None:
            raise UsageProblem(f"there is no user {email}: 'synkro users list' shows them")
        disable_person(connection, person.user_id)
    return person.email


def list_users(platform: Platform) -> list[dict[str, Any]]:
    """Everybody with their roles; no password and no hash of one."""
    with platform.database.console_transaction() as connection:
        people = all_people(connection)
    return [
        {
            "email": person.email,
            "state": "active" if person.disabled_at is None else "disabled",
            "roles": [{"role": each.role, "tenant": each.slug} for each in person.roles],
            "created_at": person.created_at.isoformat(),
            "disabled_at": person.disabled_at.isoformat() if person.disabled_at else None,
        }
        for person in people
    ]


def roles_in_words(user: dict[str, Any]) -> str:
    """The roles of a listed user, on one line."""
    return ", ".join(_place(each["role"], each["tenant"]) for each in user["roles"])


def _place(role: str, slug: str | None) -> str:
    return f"{role} of {slug or 'all tenants'}"
