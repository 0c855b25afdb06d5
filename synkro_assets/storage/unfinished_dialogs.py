"""``raw.radist_unfinished_messages``: the parts of dialogs that one run cannot read whole.

What lives here: keeping a part, and bringing a dialog's parts together once the last is there.
Whole dialogs are ``raw_loading``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from psycopg import sql

from synkro_assets.storage.database import Connection, scalar
from synkro_assets.storage.raw_loading import load_rows
from synkro_assets.storage.raw_merge import identifiers
from synkro_assets.storage.raw_rows import RAW_TABLES, Load

_MESSAGES = RAW_TABLES["radist_messages"]
_UNFINISHED = replace(_MESSAGES, name="radist_unfinished_messages")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a reading holds of dialogs that took or will take several.

    ``rows`` are messages of chats that are not whole yet; what was held of ``begun`` ones is
    dropped. ``finished`` chats are whole with the rows that this reading loads.
    """

    rows: Iterable[tuple[Any, ...]] = ()
    begun: Sequence[int] = ()
    finished: Sequence[int] = ()


def held_count(connection: Connection, load: Load, parts: Parts) -> int:
    """How many messages of the dialogs that are now whole were held."""
    row = connection.execute(
        "select count(*) as held from raw.radist_unfinished_messages "
        "where tenant_id = %s and business_day = %s and radist_chat_id = any(%s)",
        [load.tenant_id, load.business_day, list(parts.finished)],
    ).fetchone()
    return int(scalar(row))


def store_parts(connection: Connection, load: Load, parts: Parts) -> None:
    """Hold new parts, and put those of finished dialogs to the rows of their last one.

    A load that replaces the whole day leaves nothing held of it.
    """
    connection.execute(
        sql.SQL(
            "with finished as (delete from raw.radist_unfinished_messages "
            "where tenant_id = %s and business_day = %s and radist_chat_id = any(%s) returning *) "
            "insert into raw.radist_messages ({columns}) select {columns} from finished"
        ).format(columns=identifiers(_MESSAGES.stored_columns)),
        [load.tenant_id, load.business_day, list(parts.finished)],
    )
    dropped = None if load.chats is None else parts.begun
    load_rows(connection, _UNFINISHED, replace(load, chats=dropped), parts.rows)
