-- The platform's schemas. Who writes where: app by console and runs, raw by ingestion, the three
-- transform schemas by dbt, dagster by Dagster.
create schema if not exists app;
create schema if not exists raw;
create schema if not exists staging;
create schema if not exists intermediate;
create schema if not exists marts;
create schema if not exists dagster;

create function app.set_updated_at() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := pg_catalog.now();
  return new;
end
$$;
