"""Who runs a tenant: ``app.run_claims``, one lease per tenant with a fencing token.

What lives here: taking, keeping, proving and freeing a claim. The heartbeat's thread is in
``operations/tenant_run.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from synkro_assets.domain.errors import ClaimLost
from synkro_assets.storage.database import Connection

# With a beat every 5 s (``operations/tenant_run.py``) a lease outlasts several missed beats, and a
# run whose process died is noticed within this time and the reaper's interval.
LEASE_SECONDS = 45


@dataclass(frozen=True, slots=True)
class Claim:
    """A lease on a tenant; its token grows with each new holder."""

    tenant_id: UUID
    job_run_id: int
    fencing_token: int


@dataclass(frozen=True, slots=True)
class Holder:
    """The run that holds a tenant's claim now."""

    job_run_id: int
    requested_by: str
    trigger_type: str
    first_business_day: date | None
    business_day: date | None
    current_step: str | None
    started_at: datetime
    dagster_run_id: str | None


def take_claim(connection: Connection, tenant_id: UUID, job_run_id: int) -> Claim | None:
    """The tenant's claim for this run, or None while another run's lease lasts."""
    row = connection.execute(
        "insert into app.run_claims as claim (tenant_id, job_run_id, lease_until) "
        "values (%s, %s, clock_timestamp() + make_interval(secs => %s)) "
        "on conflict (tenant_id) do update set job_run_id = excluded.job_run_id, "
        "fencing_token = claim.fencing_token + 1, heartbeat_at = clock_timestamp(), "
        "lease_until = excluded.lease_until "
        "where claim.lease_until <= clock_timestamp() returning fencing_token",
        [tenant_id, job_run_id, LEASE_SECONDS],
    ).fetchone()
    return Claim(tenant_id, job_run_id, row["fencing_token"]) if row else None


def keep_claim(connection: Connection, claim: Claim) -> bool:
    """Prolong the lease; false when somebody else holds the tenant by now."""
    done = connection.execute(
        "update app.run_claims set heartbeat_at = clock_timestamp(), "
        "lease_until = clock_timestamp() + make_interval(secs => %s) "
        "where tenant_id = %s and fencing_token = %s and job_run_id = %s",
        [LEASE_SECONDS, claim.tenant_id, claim.fencing_token, claim.job_run_id],
    )
    return done.rowcount == 1


def prove_claim(connection: Connection, claim: Claim) -> None:
    """Raise ClaimLost unless the claim is still this run's; holds until the transaction ends."""
    row = connection.execute(
        "select 1 as held from app.run_claims where tenant_id = %s and fencing_token = %s "
        "and job_run_id = %s for key share",
        [claim.tenant_id, claim.fencing_token, claim.job_run_id],
    ).fetchone()
    if row is None:
        raise ClaimLost(
            "this run did not renew its lease in time and another run took the tenant over: "
            "nothing more is written by it"
        )


def free_claim(connection: Connection, claim: Claim) -> None:
    """End the lease now, if it is still this run's."""
    connection.execute(
        "update app.run_claims set lease_until = clock_timestamp() "
        "where tenant_id = %s and fencing_token = %s and job_run_id = %s",
        [claim.tenant_id, claim.fencing_token, claim.job_run_id],
    )


def holder_of(connection: Connection, tenant_id: UUID) -> Holder | None:
    """The run whose lease on the tenant still lasts."""
    row = connection.execute(
        "select run.job_run_id, run.requested_by, run.trigger_type, run.first_business_day, "
        "run.business_day, run.current_step, run.started_at, run.dagster_run_id "
        "from app.run_claims as claim join app.job_runs as run using (tenant_id, job_run_id) "
        "where claim.tenant_id = %s and claim.lease_until > clock_timestamp()",
        [tenant_id],
    ).fetchone()
    return Holder(**row) if row else None


def void_claim(connection: Connection, tenant_id: UUID, job_run_id: int) -> None:
    """End a run's lease and invalidate its token, so that it can neither renew nor write again."""
    connection.execute(
        "update app.run_claims set lease_until = clock_timestamp(), "
        "fencing_token = fencing_token + 1 where tenant_id = %s and job_run_id = %s",
        [tenant_id, job_run_id],
    )
