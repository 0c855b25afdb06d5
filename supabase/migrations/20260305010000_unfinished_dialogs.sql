-- A dialog with more messages of a day than one run may read is read by several. What the earlier ones read waits here,
-- so that raw.radist_messages and all that is made of it hold whole dialogs only.

set lock_timeout = '10s';

create table raw.radist_unfinished_messages (
  tenant_id uuid not null references app.tenants (tenant_id) on delete cascade,
  business_day date not null,
  radist_chat_id bigint not null,
  radist_message_id text not null,
  direction text not null,
  created_at timestamptz not null,
  payload jsonb not null,
  fetched_at timestamptz not null,
  run_id text not null,
  primary key (tenant_id, business_day, radist_chat_id, radist_message_id)
);

comment on table raw.radist_unfinished_messages is
  'One row per tenant, business day, chat and message of a dialog that is not read whole yet.';

select raw.wall_off('raw.radist_unfinished_messages');
