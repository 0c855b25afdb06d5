-- What linters of the finished database rightly asked for.

set lock_timeout = '10s';

-- Deleting a run looks for the claim that names it. One row for each tenant: quicker than a lock is worth.
-- squawk-ignore require-concurrent-index-creation
create index run_claims_by_run on app.run_claims (tenant_id, job_run_id);

-- With an empty search_path the names of types are looked up among the caller's temporary ones first, where anybody may
-- put a domain that runs code. A function with its owner's rights looks there last.
do $$
declare
  -- Supabase's command line works in the name of another role than it logs in as, and must find it again.
  worker constant text := current_setting('role');
begin
  perform set_config('role', 'synkro_guard', true);
  alter function app.my_tenant_ids() set search_path = pg_catalog, pg_temp;
  alter function app.is_super_admin() set search_path = pg_catalog, pg_temp;
  perform set_config('role', worker, true);
end
$$;
