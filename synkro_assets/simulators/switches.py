"""Switches: provider behaviours that public documentation leaves open, or that are rare but real.

Lives here: every name, its default, its meaning. Set with ``POST /control/switches {name: value}``.
Not here: one-off failures of chosen requests (``faults``) and request rates (``limits``).

amoCRM
    amocrm_not_full_pages     one row less than the limit on a page that still has ``next``
    amocrm_max_limit          a page holds at most this many rows, whatever was asked for
    amocrm_request_id         answers carry an X-Request-Id header
    amocrm_html_429           429 with a text/html body instead of a problem document
    amocrm_retry_after        seconds for a Retry-After header on 429; null sends none
    amocrm_unpaid             every request answers 402
    amocrm_forbidden          list of entities (leads, contacts, users, events, …) answering 403
    amocrm_ignore_filters     lists ignore ``filter[...]``, as on accounts without filtering
    amocrm_longest_address    bytes of path and query beyond which a request answers 414
    amocrm_max_offset         page * limit beyond this answers 400; null for no cut-off
    amocrm_missing_as_204     a missing single entity answers 204 instead of 404
    amocrm_used_refresh_status  status for a refresh token that was used already (400 or 401)
    amocrm_legacy_enum        contact fields carry ``enum`` instead of ``enum_code``
    amocrm_whole_trash        leads in the trash are shown whole, not as id and date alone
    amocrm_absent_loss_reason  ``loss_reason`` is absent, not an empty list, where there is none
    amocrm_unknown_fields     every object has a field that no documentation names
    amocrm_poison             list of records no client can use, and beside which (``poison``)
    amocrm_touch_between_pages  each leads page served bumps the updated_at of its first row
    amocrm_moved_to           the account's new host (and port): requests to another one answer 401
                              and burn no token, ``/oauth2/account/current/subdomain`` names it

Radist
    radist_until_inclusive    whether ``until`` includes its own instant
    radist_retry_after        seconds for a Retry-After header on 429; null sends none
    radist_error_body         detail (``{"detail": …}``), text or empty
    radist_cursor             key or offset (offset repeats and skips rows when contacts move)
    radist_cursor_expired     every cursor answers 400
    radist_end_cursor         how the last page says so: null, empty or absent
    radist_max_limit          larger limits are cut to this
    radist_missing_scope      list of scopes (connections, messaging) answering 403
    radist_unknown_fields     every object has a field that no documentation names
    radist_poison             list of records no client can use, and beside which (``poison``)
    radist_touch_between_pages  after each page the first contact of the next one writes, so that
                              it moves to the front before that page is read
    radist_expiring_media     a media URL is signed anew for every answer and expires in an hour

Telegram
    telegram_kicked           sends answer 403: bot was kicked from the supergroup chat
    telegram_migrate_to       sends answer 400 with this migrate_to_chat_id

Gemini
    gemini_v1_gating          v1 refuses systemInstruction and JSON output as unknown fields
    gemini_retired            list of models answering 404
    gemini_quota              null, minute or day: every generation answers 429
    gemini_overloaded         every generation answers 503
    gemini_block_prompt       HTTP 200 with promptFeedback.blockReason and no candidates
    gemini_finish             null, SAFETY, MAX_TOKENS (no parts) or TRUNCATED (cut JSON)
    gemini_thought_part       a part with thought=true comes first
    gemini_fenced_json        JSON answers are wrapped in a Markdown fence
    gemini_no_usage           usageMetadata is missing
    gemini_misbehave          null, digits, unknown_ids, invalid_json or echo

Resend, Whapi, Mobizon
    resend_key_only_sends     everything but sending answers 401 restricted_api_key
    resend_domain_status      of the tenant's domain: verified, pending, …; null when it has none
    resend_quota              null, daily or monthly: every e-mail answers 429
    whapi_state               the channel's state; with any but AUTH a send answers ``sent: false``
    mobizon_code              null, or the code that every answer carries instead of doing anything
    mobizon_in_background     an SMS is accepted with code 100, ``data`` is a task's id
"""

from typing import Any

DEFAULTS: dict[str, Any] = {
    "amocrm_not_full_pages": False,
    "amocrm_max_limit": 250,
    "amocrm_request_id": True,
    "amocrm_html_429": False,
    "amocrm_retry_after": None,
    "amocrm_unpaid": False,
    "amocrm_forbidden": [],
    "amocrm_ignore_filters": False,
    "amocrm_longest_address": 8192,
    "amocrm_max_offset": None,
    "amocrm_missing_as_204": False,
    "amocrm_used_refresh_status": 400,
    "amocrm_legacy_enum": False,
    "amocrm_whole_trash": False,
    "amocrm_absent_loss_reason": False,
    "amocrm_unknown_fields": False,
    "amocrm_poison": [],
    "amocrm_touch_between_pages": False,
    "amocrm_moved_to": None,
    "radist_until_inclusive": True,
    "radist_retry_after": None,
    "radist_error_body": "detail",
    "radist_cursor": "key",
    "radist_cursor_expired": False,
    "radist_end_cursor": "null",
    "radist_max_limit": 100,
    "radist_missing_scope": [],
    "radist_unknown_fields": False,
    "radist_poison": [],
    "radist_touch_between_pages": False,
    "radist_expiring_media": False,
    "telegram_kicked": False,
    "telegram_migrate_to": None,
    "gemini_v1_gating": False,
    "gemini_retired": ["gemini-2.0-flash", "gemini-2.0-flash-lite"],
    "gemini_quota": None,
    "gemini_overloaded": False,
    "gemini_block_prompt": False,
    "gemini_finish": None,
    "gemini_thought_part": False,
    "gemini_fenced_json": False,
    "gemini_no_usage": False,
    "gemini_misbehave": None,
    "resend_key_only_sends": False,
    "resend_domain_status": "verified",
    "resend_quota": None,
    "whapi_state": "AUTH",
    "mobizon_code": None,
    "mobizon_in_background": False,
}


class UnknownSwitch(ValueError):
    """A name that no switch has."""


class Switches:
    """The current value of every switch."""

    def __init__(self) -> None:
        self._values = dict(DEFAULTS)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def update(self, values: dict[str, Any]) -> None:
        """Set several at once; an unknown name changes nothing and raises."""
        unknown = sorted(set(values) - set(DEFAULTS))
        if unknown:
            raise UnknownSwitch(f"no such switch: {', '.join(unknown)}")
        self._values.update(values)

    def reset(self) -> None:
        """Every switch back to its default."""
        self._values = dict(DEFAULTS)

    def as_dict(self) -> dict[str, Any]:
        """A copy for the control interface."""
        return dict(self._values)
