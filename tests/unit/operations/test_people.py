"""Who may be let in with which role, and what is asked of a password."""

from __future__ import annotations

import sys

import pytest
from pwdlib import PasswordHash

from synkro_assets.domain.errors import UsageProblem
from synkro_assets.domain.tenant import TenantSlug
from synkro_assets.operations.passwords import hashed, require_usable
from synkro_assets.operations.people import parse_email, require_role, roles_in_words

ACME = TenantSlug("acme")


@pytest.mark.parametrize("text", ["", "ann", "ann@", "@x", "a b@x", "a@b@c", "a@" + "x" * 260])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageProblem, match="is not an e-mail address"):
        parse_email(text)


def test_an_address_is_kept_as_it_was_typed() -> None:
    assert parse_email(" Ann@Acme.example\n") == "Ann@Acme.example"


def test_a_super_admin_is_of_no_tenant_and_others_of_one_or_of_all() -> None:
    require_role("super_admin", None)
    for role in ("admin_lite", "user"):
        require_role(role, None)
        require_role(role, ACME)
    with pytest.raises(UsageProblem, match="leave --tenant out"):
        require_role("super_admin", ACME)
    with pytest.raises(UsageProblem, match="choose one of super_admin, admin_lite, user"):
        require_role("admin", None)


def test_roles_are_told_with_their_place() -> None:
    roles = [{"role": "admin_lite", "tenant": None}, {"role": "user", "tenant": "acme"}]
    assert roles_in_words({"roles": roles}) == "admin_lite of all tenants, user of acme"


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("eleven char", "too short"),
        ("abcdefgh" * 33, "too long"),
        ("abababababab", "the same few characters"),
        ("Ann@acme.example", "the e-mail address itself"),
    ],
)
def test_a_weak_password_is_refused_without_being_repeated(password: str, said: str) -> None:
    with pytest.raises(UsageProblem, match=said) as refused:
        require_usable(password, "ann@acme.example")
    assert password not in str(refused.value)


def test_a_password_is_kept_as_an_argon2_hash_that_only_it_fits() -> None:
    password = "correct horse battery"
    require_usable(password, "ann@acme.example")
    kept = hashed(password)
    assert kept.startswith("$argon2id$")
    assert kept != hashed(password)
    assert PasswordHash.recommended().verify(password, kept)
    assert not PasswordHash.recommended().verify(password + "!", kept)


def test_the_command_line_loads_no_hashing_before_it_is_needed() -> None:
    import subprocess

    code = "import sys, synkro_assets.cli; sys.exit('pwdlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
