"""Making plain PostgreSQL compatible with what a Supabase project comes with.

What lives here: running ``supabase/local``. What the files give, and that they leave a Supabase
project alone, is in them. They are no migrations: nobody records them, each ``synkro migrate`` runs
them again, and ``supabase db push`` never does.
"""

from __future__ import annotations

from pathlib import Path

import psycopg

from synkro_assets.domain.errors import MigrationFailed
from synkro_assets.storage.database import Connection


def make_compatible(connection: Connection, folder: Path) -> None:
    """Run every file of ``folder`` in order, all or nothing; where it is so already, it stays so.

    Raises MigrationFailed when the database user may not do it or a file is wrong.
    """
    current = folder
    try:
        with connection.transaction():
            for current in sorted(folder.glob("*.sql")):
                connection.execute(current.read_bytes())
    except psycopg.errors.InsufficientPrivilege as problem:
        raise MigrationFailed(
            f"the database user may not prepare this server ({problem.diag.message_primary}): let "
            f"a superuser run the files of {folder} once, or give the user CREATEROLE"
        ) from problem
    except psycopg.Error as problem:
        raise MigrationFailed(
            f"{current.name} of {folder} failed: {problem.diag.message_primary or problem}"
        ) from problem
