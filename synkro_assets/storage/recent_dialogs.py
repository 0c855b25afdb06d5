"""A tenant's dialogs that were active last, with the words that were said.

What lives here: reading them from ``raw``, which is there before any transform ran. What a report
knows of dialogs is in ``marts``.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from synkro_assets.storage.database import Connection

# Whoever was active last is found in the newest days; older ones are not even looked at.
_DAYS = 7

_DIALOGS = """
with newest as (
    select max(business_day) as business_day
    from raw.radist_messages
    where tenant_id = %(tenant)s
),
said as (
    select
        messages.radist_chat_id,
        messages.radist_message_id,
        messages.direction,
        messages.created_at,
        coalesce(
            messages.payload #>> '{text,text}',
            case
                when jsonb_typeof(messages.payload -> 'text') = 'string'
                    then messages.payload ->> 'text'
            end
        ) as said
    from raw.radist_messages as messages
    inner join newest on messages.business_day > newest.business_day - %(days)s
    where messages.tenant_id = %(tenant)s and messages.direction in ('inbound', 'outbound')
),
chats as (
    select radist_chat_id, max(created_at) as last_at
    from said
    where said <> ''
    group by radist_chat_id
    having count(distinct direction) = 2
    order by last_at desc
    limit %(dialogs)s
)
select
    chats.radist_chat_id as dialog_id,
    (
        select each.phone_e164
        from raw.radist_chats as each
        where each.tenant_id = %(tenant)s and each.radist_chat_id = chats.radist_chat_id
        order by each.business_day desc
        limit 1
    ) as phone_e164,
    (
        select each.payload #>> '{contact,contact_name}'
        from raw.radist_chats as each
        where each.tenant_id = %(tenant)s and each.radist_chat_id = chats.radist_chat_id
        order by each.business_day desc
        limit 1
    ) as contact_name,
    array(
        select newest_words.direction || ':' || newest_words.said
        from (
            select said.direction, said.said, said.created_at, said.radist_message_id
            from said
            where said.radist_chat_id = chats.radist_chat_id and said.said <> ''
            order by said.created_at desc, said.radist_message_id desc
            limit %(messages)s
        ) as newest_words
        order by newest_words.created_at, newest_words.radist_message_id
    ) as words
from chats
order by chats.last_at desc
"""


@dataclass(frozen=True, slots=True)
class RecentDialog:
    """One dialog; ``words`` are (direction, text), oldest first."""

    dialog_id: str
    phone_e164: str | None
    contact_name: str | None
    words: tuple[tuple[str, str], ...]


def recent_dialogs(
    connection: Connection, tenant_id: UUID, dialogs: int, messages: int
) -> list[RecentDialog]:
    """Up to ``dialogs`` in which both sides spoke, the last active first; their last messages."""
    given = {"tenant": tenant_id, "days": _DAYS, "dialogs": dialogs, "messages": messages}
    return [
        RecentDialog(
            str(row["dialog_id"]),
            row["phone_e164"],
            row["contact_name"],
            tuple(_direction_and_text(each) for each in row["words"]),
        )
        for row in connection.execute(_DIALOGS, given)
    ]


def manager_names_known(connection: Connection, tenant_id: UUID) -> set[str]:
    """The names of everybody who ever worked in the tenant's amoCRM."""
    rows = connection.execute(
        "select distinct payload ->> 'name' as name from raw.amocrm_users "
        "where tenant_id = %s and payload ->> 'name' <> ''",
        [tenant_id],
    )
    return {row["name"] for row in rows}


def _direction_and_text(joined: str) -> tuple[str, str]:
    direction, _, text = joined.partition(":")
    return direction, text
