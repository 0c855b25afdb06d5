-- Whether a lead was in the trash at a day's end, and in which stage, is asked of its events.

set lock_timeout = '10s';

-- A migration is one transaction, and an index of a partitioned table cannot be built concurrently.
-- squawk-ignore require-concurrent-index-creation
create index amocrm_events_by_entity on raw.amocrm_events (tenant_id, entity_id, created_at);
