"""Sealed secrets: opened by their own tenant, kind and key, and by nothing else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.fernet import Fernet

from synkro_assets.domain.errors import SecretUnreadable, UsageProblem
from synkro_assets.storage.key_ring import KEY_FILE, KeyRing, configured_ring

ACME, OTHER = UUID(int=1), UUID(int=2)
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
SECRETS = {"api_key": "s3cr3t-пароль", "n": 1}


def sealed(*keys: str) -> str:
    return KeyRing(list(keys)).seal(ACME, "amocrm", SECRETS)


def opened(token: str, *keys: str, tenant: UUID = ACME, kind: str = "amocrm") -> object:
    return KeyRing(list(keys)).open(tenant, kind, token, owner="tenant acme")


def test_what_was_sealed_opens() -> None:
    token = sealed(NEW)

    assert opened(token, NEW) == SECRETS
    assert "s3cr3t" not in token


def test_rotation_keeps_old_secrets_readable_and_seals_with_the_first_key() -> None:
    assert opened(sealed(OLD), NEW, OLD) == SECRETS
    assert opened(sealed(NEW, OLD), NEW) == SECRETS
    with pytest.raises(SecretUnreadable):
        opened(sealed(NEW, OLD), OLD)


def test_another_key_is_refused_in_a_line_that_names_owner_and_kind_and_no_secret() -> None:
    token = sealed(OLD)

    with pytest.raises(SecretUnreadable) as refusal:
        opened(token, NEW)

    line = str(refusal.value)
    assert "amocrm secrets of tenant acme" in line
    assert "SYNKRO_ENCRYPTION_KEYS" in line
    assert "\n" not in line
    assert not any(secret in line for secret in (token, OLD, NEW, "s3cr3t"))


@pytest.mark.parametrize("token", ["", "garbage", "gAAAAA=="])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(SecretUnreadable):
        opened(token, NEW)


def test_a_swapped_row_is_refused() -> None:
    for swapped in ({"tenant": OTHER}, {"kind": "radist"}):
        with pytest.raises(SecretUnreadable, match="another tenant or kind"):
            opened(sealed(NEW), NEW, **swapped)  # type: ignore[arg-type]


def test_a_secret_is_resealed_once_and_by_the_first_key() -> None:
    ring = KeyRing([NEW, OLD])
    anew = ring.resealed(ACME, "amocrm", sealed(OLD), owner="tenant acme")

    assert anew is not None
    assert opened(anew, NEW) == SECRETS
    assert ring.is_newest(ACME, "amocrm", anew, owner="tenant acme")
    assert ring.resealed(ACME, "amocrm", anew, owner="tenant acme") is None


def test_a_swapped_row_is_not_resealed_whichever_key_sealed_it() -> None:
    ring = KeyRing([NEW, OLD])
    for key in (OLD, NEW):
        with pytest.raises(SecretUnreadable, match="radist secrets of tenant acme were sealed for"):
            ring.resealed(ACME, "radist", sealed(key), owner="tenant acme")


@pytest.mark.parametrize("payload", ["7", "null", "{}", '{"tenant_id": 1}', "not json"])
def test_what_another_program_sealed_is_refused(payload: str) -> None:
    token = Fernet(NEW).encrypt(payload.encode()).decode()
    with pytest.raises(SecretUnreadable, match="save them again"):
        opened(token, NEW)


KEYS = {"none": "", "comma": ",", "text": "not-a-key", "short": f"{NEW},short", "Cyrillic": "ключ"}


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
def test_a_wrong_key_is_named_by_its_variable_and_not_shown(keys: str, tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="SYNKRO_ENCRYPTION_KEYS") as refusal:
        configured_ring(keys, tmp_path)
    assert NEW not in str(refusal.value)


def test_keys_of_the_environment_may_be_spaced() -> None:
    ring = configured_ring(f" {NEW} , {OLD} ,", Path("/nowhere"))

    assert ring.open(ACME, "amocrm", sealed(OLD), owner="acme") == SECRETS


def test_a_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"

    token = configured_ring(None, home).seal(ACME, "amocrm", SECRETS)

    assert configured_ring(None, home).open(ACME, "amocrm", token, owner="acme") == SECRETS
    assert (home / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in home.iterdir()] == [KEY_FILE]


def test_the_key_file_may_hold_several_keys_newest_first(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_text(f"{NEW}\n\n{OLD}\n")
    ring = configured_ring(None, tmp_path)

    assert ring.open(ACME, "amocrm", sealed(OLD), owner="acme") == SECRETS
    assert opened(ring.seal(ACME, "amocrm", SECRETS), NEW) == SECRETS


BROKEN = {
    "empty": b"",
    "blank": b"\n",
    "short": b"short",
    "binary": b"\xff\xfe",
    "more": f"{NEW} x".encode(),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_key_file_is_named_and_not_shown(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / KEY_FILE
    file.write_bytes(content)
    with pytest.raises(UsageProblem) as refusal:
        configured_ring(None, tmp_path)
    assert str(refusal.value).startswith(f"{file} holds something that is no Fernet key: make one")
    assert NEW not in str(refusal.value)


def test_a_key_that_is_missing_in_the_file_is_looked_for_there(tmp_path: Path) -> None:
    ring = configured_ring(None, tmp_path)
    with pytest.raises(SecretUnreadable, match=f"open with no key of {tmp_path / KEY_FILE}: put"):
        ring.open(ACME, "amocrm", sealed(OLD), owner="tenant acme")


def test_first_commands_at_the_same_time_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: configured_ring(None, tmp_path), range(8)))

    token = rings[0].seal(ACME, "amocrm", SECRETS)
    assert all(ring.open(ACME, "amocrm", token, owner="acme") == SECRETS for ring in rings)
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]
