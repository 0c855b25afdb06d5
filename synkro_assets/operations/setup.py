"""Bringing the database up to date: migrations, the coming months, the transforms.

What lives here: the order of these and what was done. The work is ``storage/migrations.py``,
``storage/month_partitions.py`` and ``storage/transforms.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synkro_assets.domain.errors import UsageProblem
from synkro_assets.storage.database import Database
from synkro_assets.storage.migrations import Migration, migrate, pending_migrations
from synkro_assets.storage.month_partitions import make_months_ahead
from synkro_assets.storage.transforms import TransformProject


@dataclass(frozen=True, slots=True)
class SetUp:
    """What bringing a database up to date did, or would do."""

    migrations: list[str]
    transforms_built: bool


def bring_up_to_date(
    database: Database,
    project_root: Path,
    on_progress: Callable[[str], None] = lambda _: None,
    *,
    may_parse: bool = True,
) -> SetUp:
    """Apply pending migrations and build the transforms if they changed; twice is once.

    ``may_parse`` is false in production, where the parsed dbt project comes with the installation.
    """

    def applied(migration: Migration) -> None:
        on_progress(f"applied {migration.path.name}")

    supabase = project_root / "supabase"
    done = migrate(database, supabase / "migrations", applied, local_folder=supabase / "local")
    with database.console_transaction() as connection:
        if made := make_months_ahead(connection):
            on_progress(f"made {made} monthly partitions")
    project = TransformProject(project_root / "dbt_project")
    built = project.build_once(database, may_parse=may_parse)
    if built:
        on_progress("built the transforms' views and empty tables")
    return SetUp([migration.path.name for migration in done], built)


def outstanding(database: Database, project_root: Path) -> SetUp:
    """What ``bring_up_to_date`` would do now."""
    pending = pending_migrations(database, project_root / "supabase" / "migrations")
    project = TransformProject(project_root / "dbt_project")
    stale = bool(pending) or not project.is_built(database)
    return SetUp([migration.path.name for migration in pending], stale)


def described(result: SetUp) -> dict[str, Any]:
    """The outcome as plain values."""
    return {"migrations": result.migrations, "transforms_built": result.transforms_built}


def sentence(result: SetUp, *, dry_run: bool) -> str:
    """The outcome for a person."""
    if not result.migrations and not result.transforms_built:
        return "nothing to do: the database is up to date"
    verb = "would apply" if dry_run else "applied"
    listed = "".join(f"\n  {name}" for name in result.migrations)
    built = f"; {'would build' if dry_run else 'built'} the transforms"
    return (
        f"{verb} {len(result.migrations)} migrations"
        f"{built if result.transforms_built else ''}{listed}"
    )


def require_up_to_date(database: Database, project_root: Path) -> None:
    """Raise UsageProblem unless the database is the one this version works with."""
    left = outstanding(database, project_root)
    if left.migrations or left.transforms_built:
        what = f"{len(left.migrations)} migrations" if left.migrations else "the transforms"
        raise UsageProblem(f"the database is not up to date ({what}): run 'synkro migrate'")
