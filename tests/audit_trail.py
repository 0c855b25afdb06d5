"""Reading the audit log as its owner: what was recorded, by whom, and what came since.

What lives here: the look. What should be there is in the tests of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from synkro_assets.storage.database import Database
from tests.databases import as_owner


@dataclass
class AuditTrail:
    """The log of a database; ``news`` are the rows since it was last asked."""

    database: Database
    seen: int = 0

    def news(self) -> list[dict[str, Any]]:
        with as_owner(self.database) as connection:
            rows = connection.execute(
                "select * from app.audit_logs where audit_log_id > %s order by audit_log_id",
                [self.seen],
            ).fetchall()
        self.seen = max([self.seen, *(row["audit_log_id"] for row in rows)])
        return rows

    def new_actions(self) -> list[str]:
        return [row["action"] for row in self.news()]


def everything_recorded(database: Database) -> str:
    """Every row of the log as text."""
    with as_owner(database) as connection:
        rows = connection.execute("select to_jsonb(log)::text as row from app.audit_logs as log")
        return "\n".join(row["row"] for row in rows)
