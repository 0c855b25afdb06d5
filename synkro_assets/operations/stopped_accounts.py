"""Accounts that refuse every request or our tokens: telling it, and trying again by ourselves.

What lives here: the integration's status, the day's alert, and the runs that wait for the account.
When an account counts as stopped is the provider's (``providers/amocrm/stops``), for how long is
``storage/account_stops``; that tokens have ended is told by ``amocrm_tokens``. Held requests are
rows of ``storage/held_runs``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from synkro_assets.domain.errors import AccountStopped, SynkroError, TokenExpired
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.alerts import raise_alert
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.provider_clients import amocrm_client
from synkro_assets.operations.tenant_config import find_tenant
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.storage.held_runs import (
    HeldRun,
    give_up,
    hold_again,
    let_go,
    put_off,
    runs_to_try,
)
from synkro_assets.storage.integrations import integrations_of, record_check

# As the schedule's catching up: after a longer absence the data team chooses what to run.
LONGEST_HOLD = timedelta(days=7)
# Tokens come back by a person's hand only; a refresh token known to be spent is not even sent.
_RECONNECTED_WITHIN = timedelta(hours=1)
_GIVEN_UP = (
    f"it waited {LONGEST_HOLD.days} days for its account to answer again: run the day by hand when "
    "'synkro integrations check' works"
)


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at the held requests did, by number of requests."""

    let_go: int
    put_off: int
    given_up: int


@contextmanager
def telling_stops(platform: Platform, tenant: Tenant, kind: str) -> Iterator[None]:
    """Work with an integration inside; a stop of its account is told, and so is its end."""
    try:
        yield
    except AccountStopped as stop:
        with platform.database.tenant_transaction(tenant.tenant_id) as connection:
            now = platform.clock.now()
            record_check(connection, tenant.tenant_id, kind, str(stop), now)
        raise_alert(platform, tenant, f"{kind}_stopped", str(stop))
        raise
    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
        found = integrations_of(connection, tenant.tenant_id).get(kind)
        if found is not None and found.status == "error":
            # What was read proves more than a check that failed earlier.
            record_check(connection, tenant.tenant_id, kind, None, platform.clock.now())


@contextmanager
def asking_again(run: TenantRun, kind: str) -> Iterator[None]:
    """``telling_stops`` for a run's work: a run that meets a stop is started again after it.

    So is one whose tokens have ended, once somebody has connected the account again.
    """
    try:
        with telling_stops(run.platform, run.tenant, kind):
            yield
    except (AccountStopped, TokenExpired) as problem:
        now = run.platform.clock.now()
        with run.transaction() as connection:
            is_held = hold_again(
                connection, run.tenant.tenant_id, run.job_run_id, kind, _until(problem, now), now
            )
        if is_held:
            run.log(f"the run is started again by itself once the {kind} account answers")
        raise


def try_again(platform: Platform) -> Look:
    """Ask the accounts whose pause is over, once each, and let their runs go if they answer."""
    now = platform.clock.now()
    with platform.database.console_transaction() as connection:
        given_up = give_up(connection, now - LONGEST_HOLD, _GIVEN_UP)
        due = runs_to_try(connection, now)
    stopped: dict[tuple[str, str], datetime | None] = {}
    for held in due:
        account = (held.slug, held.waits_for)
        if account not in stopped:
            stopped[account] = _stopped_until(platform, held)
        until = stopped[account]
        with platform.database.tenant_transaction(held.tenant_id) as connection:
            if until is None:
                let_go(connection, held)
            else:
                put_off(connection, held, until)
    late = sum(stopped[held.slug, held.waits_for] is not None for held in due)
    return Look(len(due) - late, late, given_up)


def _stopped_until(platform: Platform, held: HeldRun) -> datetime | None:
    """Until when an account stays stopped; None for one whose run may find out the rest."""
    if held.waits_for != "amocrm":
        return None  # nobody else stops accounts
    tenant = find_tenant(platform, held.slug)
    try:
        with (
            telling_stops(platform, tenant, held.waits_for),
            amocrm_client(platform, tenant) as client,
        ):
            client.account()
    except (AccountStopped, TokenExpired) as problem:
        return _until(problem, platform.clock.now())
    except SynkroError:
        return None  # a run says it, and retries what may be retried
    return None


def _until(problem: AccountStopped | TokenExpired, now: datetime) -> datetime:
    """Until when an account is not asked again."""
    return problem.until if isinstance(problem, AccountStopped) else now + _RECONNECTED_WITHIN
