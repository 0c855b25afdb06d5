"""``raw.amocrm_phone_lookups``: phones of dialogs that were looked up in amoCRM.

What lives here: which phones of a day are still to be looked up, and keeping what was found out.
The contacts and leads that were found are rows like any other (``raw_loading``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from synkro_assets.storage.database import Connection
from synkro_assets.storage.raw_rows import Load

_TO_LOOK_UP = """
    select distinct chats.phone_e164
    from raw.radist_chats as chats
    where chats.tenant_id = %(tenant)s
      and chats.business_day = %(day)s
      and chats.phone_e164 is not null
      and chats.payload #>> '{contact,is_group}' is distinct from 'true'
      and not exists (
        select from raw.amocrm_contact_channels as channels
        join raw.amocrm_lead_contacts as links using (tenant_id, amocrm_contact_id)
        where channels.tenant_id = %(tenant)s
          and channels.kind = 'phone'
          and channels.value_normal = chats.phone_e164
      )
      and not exists (
        select from raw.amocrm_phone_lookups as lookups
        where lookups.tenant_id = %(tenant)s
          and lookups.business_day = %(day)s
          and lookups.phone_e164 = chats.phone_e164
          and lookups.fetched_at >= %(since)s
      )
    order by chats.phone_e164
"""


def phones_to_look_up(
    connection: Connection, tenant_id: UUID, day: date, since: datetime
) -> list[str]:
    """The phones of a day's dialogs that no contact of a stored lead has.

    Those that were looked up for this day at ``since`` or later are not asked for again.
    """
    rows = connection.execute(_TO_LOOK_UP, {"tenant": tenant_id, "day": day, "since": since})
    return [row["phone_e164"] for row in rows]


def keep_lookups(connection: Connection, load: Load, owners: Mapping[str, tuple[int, ...]]) -> None:
    """Keep which contacts have a phone, in the place of what an earlier lookup of the day said."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into raw.amocrm_phone_lookups "
            "(tenant_id, business_day, phone_e164, amocrm_contact_ids, fetched_at, run_id) "
            "values (%s, %s, %s, %s, %s, %s) "
            "on conflict (tenant_id, business_day, phone_e164) do update set "
            "amocrm_contact_ids = excluded.amocrm_contact_ids, "
            "fetched_at = excluded.fetched_at, run_id = excluded.run_id",
            [
                (load.tenant_id, load.business_day, phone, list(ids), load.fetched_at, load.run_id)
                for phone, ids in sorted(owners.items())
            ],
        )
