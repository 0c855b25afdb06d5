-- The slots by tenant are not read any more: app.provider_slots keeps them by account. They held the times of the
-- next requests and nothing that outlives a minute.

set lock_timeout = '10s';

-- squawk-ignore ban-drop-table -- nothing reads it, and what it held was over a minute later
drop table app.request_slots;
