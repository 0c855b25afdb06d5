"""The catalog of integrations: which fields each kind has, and which of them are secret.

What lives here: the table of contracts §4, and the rules that split, check and mask an object by
it. What does not: encryption and storing (``storage``), the clients' construction (each
provider's ``client`` function).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from synkro_assets.domain.errors import UsageProblem

_MASK = "••••"
# Four characters of a shorter secret would give too much of it away.
_SHORTEST_SHOWN = 12
_NEVER_IN_ADDRESSES = set('@"<>\\ ')
_PLAIN_NAME = re.compile(r"[A-Za-z_]{1,30}")
_EMAIL = re.compile(r"[^\s@<>\"',;]+@[^\s@<>\"',;]+\.[^\s@<>\"',;]+")
_PHONE = re.compile(r"\+?[1-9]\d{6,14}")
_EVERYBODYS = re.compile(r"https?://(www\.)?(amocrm\.ru|amocrm\.com|kommo\.com)(:\d+)?(/.*)?", re.I)
_ABSENT: Any = object()


@dataclass(frozen=True, slots=True)
class Field:
    """One field; ``check`` returns the value to keep or raises ValueError saying what is due."""

    name: str
    check: Callable[[Any], Any]
    is_secret: bool = False
    is_required: bool = False
    default: Any = _ABSENT


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of integration; of ``one_of`` at least one group must be complete."""

    fields: tuple[Field, ...]
    one_of: tuple[tuple[str, ...], ...] = ()


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
    return value.strip()


def _id_text(value: Any) -> str:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else _text(value)


def _secret(value: Any) -> str:
    text = _text(value)
    if text.startswith(_MASK) or text == "*":
        raise ValueError("the secret itself, not its mask")
    if not (text.isascii() and text.isprintable()):
        raise ValueError("a secret without stray characters; paste it again")
    return text


def _url(value: Any) -> str:
    text = _text(value).rstrip("/")
    try:
        parts = urlsplit(text)
        is_plain = parts.port != 0 and not (parts.query or parts.fragment)
    except ValueError:
        parts, is_plain = urlsplit(""), False
    # A password in front of the host may hold a slash, which would make it a path.
    is_plain = is_plain and not _NEVER_IN_ADDRESSES & set(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_plain:
        raise ValueError("an http(s) address")
    return text


def _amocrm_account(value: Any) -> str:
    if _EVERYBODYS.fullmatch(text := _url(value)):
        raise ValueError("the address of one account, such as https://company.amocrm.ru")
    return text


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("a whole number")
    return int(value)


def _rate(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1000:
        raise ValueError("a number of requests per second, above 0")
    return float(value)


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("a list of texts")
    return [item.strip() for item in value if item.strip()]


def _emails(value: Any) -> list[str]:
    texts = _texts(value)
    if not all(_EMAIL.fullmatch(text) for text in texts):
        raise ValueError("a list of e-mail addresses")
    return texts


def _phones(value: Any) -> list[str]:
    texts = _texts(value)
    if not all(_PHONE.fullmatch(text) for text in texts):
        raise ValueError("a list of phone numbers with their country code, such as +77010000000")
    return texts


def _timestamp(value: Any) -> str:
    text = _text(value)
    if text and datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("an ISO time with its zone")
    return text


def _gemini(value: Any) -> str:
    if value != "gemini":
        raise ValueError("gemini")
    return "gemini"


def _secret_field(name: str, *, is_required: bool = False) -> Field:
    return Field(name, _secret, is_secret=True, is_required=is_required)


def _base_url(default: str) -> Field:
    return Field("base_url", _url, default=default)


KINDS: Mapping[str, Kind] = {
    "amocrm": Kind(
        (
            Field("base_url", _amocrm_account, is_required=True),
            Field("client_id", _text, default=""),
            Field("redirect_uri", _text, default=""),
            Field("expires_at", _timestamp, default=None),
            Field("requests_per_second", _rate, default=7),
            _secret_field("client_secret"),
            _secret_field("access_token"),
            _secret_field("refresh_token"),
            _secret_field("long_lived_token"),
        ),
        one_of=(
            ("long_lived_token",),
            # The tokens themselves come with the owner's consent, afterwards.
            ("client_id", "client_secret", "redirect_uri"),
        ),
    ),
    "radist": Kind(
        (
            _base_url("https://api.radist.online/v2"),
            Field("company_id", _integer, is_required=True),
            Field("requests_per_second", _rate, default=5),
            Field("chats_per_second", _rate, default=1),
            _secret_field("api_key", is_required=True),
        )
    ),
    "supabase": Kind(
        (
            Field("base_url", _url, is_required=True),
            _secret_field("anon_key"),
            _secret_field("service_role_key", is_required=True),
        )
    ),
    "ai": Kind(
        (
            Field("provider", _gemini, default="gemini"),
            Field("base_url", _url, default=None),
            Field("model", _text, default="gemini-3.5-flash"),
            Field("fallback_models", _texts, default=()),
            Field("api_version", _text, default="v1beta"),
            _secret_field("api_key", is_required=True),
        )
    ),
    "telegram": Kind(
        (
            _base_url("https://api.telegram.org/bot"),
            Field("chat_id", _id_text, is_required=True),
            Field("message_thread_id", _integer, default=None),
            # Kept by the follow-up sensor; accepted so that an export can be imported.
            Field("telegram_update_offset", _integer),
            _secret_field("bot_token", is_required=True),
        )
    ),
    "resend": Kind(
        (
            _base_url("https://api.resend.com"),
            Field("from", _text, is_required=True),
            Field("to", _emails, default=()),
            _secret_field("api_key", is_required=True),
        )
    ),
    "mobizon": Kind(
        (
            _base_url("https://api.mobizon.kz"),
            Field("from", _text, default=None),
            Field("recipients", _phones, default=()),
            _secret_field("api_key", is_required=True),
        )
    ),
    "whapi": Kind(
        (
            _base_url("https://gate.whapi.cloud"),
            Field("to", _texts, default=()),
            _secret_field("token", is_required=True),
        )
    ),
}


def split(kind: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The public and the secret fields of ``given``, checked, with defaults filled in.

    Empty texts and nulls count as absent. UsageProblem, in one line and without any value, for
    an unknown kind or field, a wrong value, or what is missing.
    """
    if kind not in KINDS:
        raise UsageProblem(f"unknown integration {kind!r}: choose one of {', '.join(KINDS)}")
    if not isinstance(given, Mapping):
        raise UsageProblem(f"the {kind} integration is not a JSON object")
    fields = KINDS[kind].fields
    unknown = sorted({_said(str(name)) for name in given if name not in {f.name for f in fields}})
    if unknown:
        raise UsageProblem(f"the {kind} integration has no field {', '.join(unknown)}: remove it")
    kept = {
        field.name: value
        for field in fields
        if (value := _checked(kind, field, given)) not in (None, "")
    }
    _refuse_missing(kind, kept)
    secrets = {f.name: kept[f.name] for f in fields if f.is_secret and f.name in kept}
    public = {f.name: kept.get(f.name, _default(f)) for f in fields if not f.is_secret}
    _refuse_secrets_in_clear(kind, public, secrets)
    return {name: value for name, value in public.items() if value is not _ABSENT}, secrets


def masked(kind: str, secrets: Mapping[str, str]) -> dict[str, str]:
    """Every secret field of ``kind``: empty when not set, else a mask, at most four shown."""
    names = [field.name for field in KINDS[kind].fields if field.is_secret]
    return {name: _mask(secrets.get(name) or "") for name in names}


def _mask(secret: str) -> str:
    shown = secret[-4:] if len(secret) >= _SHORTEST_SHOWN else ""
    return f"{_MASK}{shown}" if secret else ""


def _checked(kind: str, field: Field, given: Mapping[str, Any]) -> Any:
    value = given.get(field.name)
    if value is None or value == "":
        return None
    try:
        return field.check(value)
    except ValueError as problem:
        # The message of a check names what is due, never the value.
        due = str(problem) if field.check is not _timestamp else "an ISO time with its zone"
        raise UsageProblem(f"{field.name} of the {kind} integration must be {due}") from None


def _refuse_missing(kind: str, kept: Mapping[str, Any]) -> None:
    required = [field.name for field in KINDS[kind].fields if field.is_required]
    missing = [name for name in required if name not in kept]
    if missing:
        raise UsageProblem(f"the {kind} integration lacks {', '.join(missing)}: add it")
    groups = KINDS[kind].one_of
    if groups and not any(all(name in kept for name in group) for group in groups):
        choices = ", or ".join(" + ".join(group) for group in groups)
        raise UsageProblem(f"the {kind} integration needs {choices}")


def _refuse_secrets_in_clear(
    kind: str, public: Mapping[str, Any], secrets: Mapping[str, str]
) -> None:
    """An address is easily pasted with the token in it; public fields are stored and shown."""
    for name, value in public.items():
        for secret_name, secret in secrets.items():
            if len(secret) >= _SHORTEST_SHOWN and secret in str(value):
                raise UsageProblem(
                    f"{name} of the {kind} integration holds the {secret_name}: remove it there"
                )


def _said(name: str) -> str:
    """A field's name as it may be repeated: what was pasted in its place may be a secret."""
    return name if _PLAIN_NAME.fullmatch(name) else "…"


def _default(field: Field) -> Any:
    return list(field.default) if isinstance(field.default, tuple) else field.default
