-- Public fields in clear, secret fields as one Fernet token; the catalog in the code knows which is which.
create table app.integration_configs (
  tenant_id uuid not null references app.tenants (tenant_id) on delete cascade,
  kind text not null constraint kind_is_known check (
    kind in ('amocrm', 'radist', 'supabase', 'ai', 'telegram', 'resend', 'mobizon', 'whapi')
  ),
  public_data jsonb not null default '{}'
    constraint public_data_is_an_object check (jsonb_typeof(public_data) = 'object'),
  secret_data_encrypted text,
  status text not null default 'unchecked'
    constraint status_is_known check (status in ('ok', 'error', 'unchecked')),
  last_error text,
  last_checked_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, kind)
);

create trigger integration_configs_set_updated_at before update on app.integration_configs
for each row execute function app.set_updated_at();

-- When the next request to one account of a provider may leave, shared by every process.
create table app.request_slots (
  tenant_id uuid not null references app.tenants (tenant_id) on delete cascade,
  provider text not null,
  bucket text not null,
  next_free_at timestamptz not null,
  primary key (tenant_id, provider, bucket)
);
