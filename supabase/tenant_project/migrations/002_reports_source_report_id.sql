-- Several reports of one day as separate rows: each report of Synkro is a row of its own, known by its id there.
-- A project without this column keeps one row per day and type: Synkro sees that it is missing and says so.
-- Pasting it again changes nothing.

set lock_timeout = '10s';

alter table public.reports add column if not exists source_report_id uuid;

comment on column public.reports.source_report_id is
  'The report in Synkro; null in rows older than this column, which go when their day is exported again.';

create unique index if not exists reports_once on public.reports (tenant_id, source_report_id);

alter table public.reports drop constraint if exists reports_one_of_a_type_per_day;

-- Finds a day's reports, as the constraint did.
create index if not exists reports_by_day on public.reports (tenant_id, business_day);

-- The Data API learns of the column at once instead of after its next look.
notify pgrst, 'reload schema';
