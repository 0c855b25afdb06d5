"""What a Supabase project's refusals mean and what somebody has to do about them.

What lives here: the verdict on an answer of the Data API or of the gateway in front of it
(reference §7.1). What does not: the common verdicts (``providers/verdicts.py``).

::

    ProviderRefused
    ├── MissingTable
    ├── MissingColumn
    └── ProjectPaused    known by its status alone; other signs of a pause look like any outage

An error of the Data API is JSON with a code, of PostgreSQL or ``PGRST…``; what the gateway says is
JSON without a code, or an HTML page.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx

from synkro_assets.domain.errors import ProviderRefused, ProviderUnavailable, SynkroError
from synkro_assets.providers.supabase.keys import PROVIDER, KeyKind
from synkro_assets.providers.verdicts import body_of, detail_suffix, verdict

PASTE_SCHEMA = "paste what 'synkro integrations schema-sql' prints into its SQL editor"

_PAUSED = 540
_WRONG_URL = "check base_url, which looks like https://<project>.supabase.co"
_WRONG_KEY = "save the secret (service_role) key that its API settings show"
# Some projects refuse a new key without a word (discussion 52680) and still take the old one.
_SILENT = "save the secret key anew, or the service_role key of the legacy keys in its place"
_NAMES = re.compile(r"'([^']+)'|relation \"([^\"]+)\"|column \"?([\w.]+)\"? does")
_WITHOUT_TABLE = frozenset({"PGRST205", "42P01"})
_WITHOUT_COLUMN = frozenset({"PGRST204", "42703"})
_WRONG_TOKEN = frozenset({"PGRST301", "PGRST302", "PGRST303"})


class MissingTable(ProviderRefused):
    """The project has no such table, or does not show it."""


class MissingColumn(ProviderRefused):
    """A table of the project lacks a column."""


class ProjectPaused(ProviderRefused):
    """The project is paused until somebody restores it."""


def classifier(kind: KeyKind) -> Callable[[httpx.Response], SynkroError | None]:
    """The verdict on an answer to a key of this kind."""

    def classify(response: httpx.Response) -> SynkroError | None:
        if response.is_success:
            return _not_the_api(response) if _is_html(response) else None
        code = _code_of(response)
        if code:
            return _of_the_database(code, response, kind)
        return _of_the_gateway(response)

    return classify


def _of_the_gateway(response: httpx.Response) -> SynkroError | None:
    status = response.status_code
    if status == _PAUSED:
        text = f"the {PROVIDER} project is paused: restore it in its dashboard"
        return ProjectPaused(PROVIDER, text, status=status)
    if status == 401:
        return _refused(_SILENT if not response.content else _WRONG_KEY, response)
    if status == 404 or response.is_redirect:
        return _not_the_api(response)
    if status >= 500:
        text = (
            f"the {PROVIDER} project does not answer (status {status}): see in its dashboard "
            "whether it is paused, else try again later"
        )
        return ProviderUnavailable(PROVIDER, text, status=status)
    return verdict(PROVIDER, response)


def _of_the_database(code: str, response: httpx.Response, kind: KeyKind) -> SynkroError | None:
    status = response.status_code
    if code in _WITHOUT_TABLE:
        text = f"the {PROVIDER} project has no table {_named(response)}: {PASTE_SCHEMA}"
        return MissingTable(PROVIDER, text, status=status)
    if code in _WITHOUT_COLUMN:
        text = f"the {PROVIDER} project has no column {_named(response)}: {PASTE_SCHEMA}"
        return MissingColumn(PROVIDER, text, status=status)
    if code == "42P10":
        text = f"a table of the {PROVIDER} project lacks the key Synkro needs: {PASTE_SCHEMA}"
        return ProviderRefused(PROVIDER, text, status=status)
    if code == "42501":
        is_secret = kind in (KeyKind.SECRET, KeyKind.SERVICE_ROLE)
        return _refused(PASTE_SCHEMA if is_secret else _WRONG_KEY, response)
    if code in _WRONG_TOKEN:
        return _refused(_WRONG_KEY, response)
    if code == "21000":
        # A server error by its status, and yet the same rows would be refused again.
        text = f"{PROVIDER} refused a batch that names a row twice: this is a defect of Synkro"
        return ProviderRefused(PROVIDER, text, status=status)
    return verdict(PROVIDER, response)


def _refused(what_to_do: str, response: httpx.Response) -> ProviderRefused:
    status = response.status_code
    text = f"{PROVIDER} refused the key (status {status}){detail_suffix(response)}: {what_to_do}"
    return ProviderRefused(PROVIDER, text, status=status)


def _not_the_api(response: httpx.Response) -> ProviderRefused:
    text = f"there is no {PROVIDER} project at {response.request.url.host}: {_WRONG_URL}"
    return ProviderRefused(PROVIDER, text, status=response.status_code)


def _is_html(response: httpx.Response) -> bool:
    return "html" in response.headers.get("content-type", "")


def _code_of(response: httpx.Response) -> str:
    body: Any = body_of(response)
    code = body.get("code") if isinstance(body, dict) else None
    # The gateway repeats the status as a number where the Data API has its own codes as text.
    return code if isinstance(code, str) else ""


def _named(response: httpx.Response) -> str:
    """What the message names: a table, or a column with its table."""
    body: Any = body_of(response)
    found = [next(filter(None, each), "") for each in _NAMES.findall(str(body.get("message")))]
    names = [name.removeprefix("public.") for name in found]
    return f"{names[0]} in {names[1]}" if len(names) > 1 else "".join(names) or "of that name"
