-- Deleting a run looks for the claim that names it.

set lock_timeout = '10s';

-- One row for each tenant: quicker than a lock is worth.
-- squawk-ignore require-concurrent-index-creation
create index run_claims_by_run on app.run_claims (tenant_id, job_run_id);
