"""Running dbt in this process: preparing its project, building it once, and a tenant's days.

What lives here: dbt invocations and what their outcome means. The models are ``dbt_project``; how
their events become Dagster events is ``assets/dbt_models.py``.

A command-line dbt costs 6 to 9 s of start-up; in process, with the parsed project read from
``partial_parse.msgpack``, a run costs what its SQL costs.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import UUID

from synkro_assets.domain.errors import TransformFailed, UsageProblem
from synkro_assets.storage.connection_urls import dbt_environment
from synkro_assets.storage.database import TRANSFORMS, Database
from synkro_assets.storage.transform_models import models_of

EventSink = Callable[[dict[str, Any]], None]

# A day is a small part of a long history, which the planner takes for a single row; joins by hash
# do not suffer from that, nested loops and merges do. Compiling such a query costs more than it.
_PLANNER = "-c enable_nestloop=off -c enable_mergejoin=off -c jit=off"

# Views and empty tables are built for everybody, in the name of a tenant that is nobody.
_AS_NOBODY = f"-c app.tenant_id={UUID(int=0)}"

_COMPLAINTS_SHOWN = 3

_STAMP = "synkro_build.json"
_PARSED = ("manifest.json", "partial_parse.msgpack")


class TransformProject:
    """The dbt project in a folder, with the files dbt parsed it into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def manifest_path(self) -> Path:
        return self.folder / "target" / "manifest.json"

    def content_hash(self) -> str:
        """A hash over every file of the project and the versions that parse it."""
        digest = hashlib.sha256(f"{version('dbt-core')} {version('dbt-postgres')}".encode())
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder)
            if path.is_file() and name.parts[0] not in {"target", "logs"}:
                digest.update(f"\0{name.as_posix()}\0".encode())
                digest.update(path.read_bytes())
        return digest.hexdigest()

    def prepare(self, *, may_parse: bool) -> None:
        """Make sure the parsed files belong to this project as it stands.

        In production (``may_parse`` false) a mismatch is an error; else the project is parsed anew.
        """
        if self._is_prepared():
            return
        if not may_parse:
            raise UsageProblem(
                f"the parsed dbt project in {self.folder / 'target'} does not belong to this "
                "version: build it with 'python -m synkro_assets.storage.transforms'"
            )
        target = self.folder / "target"
        target.mkdir(exist_ok=True)
        with open(target / ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self._is_prepared():
                self._parse_into(target)

    def _is_prepared(self) -> bool:
        target = self.folder / "target"
        try:
            stamp = json.loads((target / _STAMP).read_text())
        except (OSError, ValueError):
            return False
        return bool(stamp.get("hash") == self.content_hash()) and all(
            (target / name).exists() for name in _PARSED
        )

    def _parse_into(self, target: Path) -> None:
        with tempfile.TemporaryDirectory(dir=target) as scratch:
            self._invoke(["parse", "--no-partial-parse"], Path(scratch))
            for name in _PARSED:
                os.replace(Path(scratch) / name, target / name)
            stamp = Path(scratch) / _STAMP
            stamp.write_text(json.dumps({"hash": self.content_hash()}))
            os.replace(stamp, target / _STAMP)

    def build_once(self, database: Database, *, may_parse: bool = True) -> bool:
        """Create the views and the empty tables unless this very project made them already."""
        if self.is_built(database):
            return False
        self.prepare(may_parse=may_parse)
        self.run(database.url, ["run"], {})
        with database.console_transaction() as connection:
            connection.execute(
                "insert into app.transform_builds (project_hash) values (%s) "
                "on conflict (is_current) do update "
                "set project_hash = excluded.project_hash, built_at = now()",
                [self.content_hash()],
            )
        return True

    def is_built(self, database: Database) -> bool:
        """Whether the database's views and tables are those of this very project."""
        with database.console_transaction() as connection:
            built = connection.execute("select project_hash from app.transform_builds").fetchone()
        return built is not None and built["project_hash"] == self.content_hash()

    def build_days(
        self,
        database: Database,
        tenant_id: UUID,
        days: Sequence[date],
        on_event: EventSink,
        models: Sequence[str] | None = None,
    ) -> None:
        """Rebuild the marts of one tenant's days and test them; raises TransformFailed when red.

        Of ``models``, where given, only the tables among them; their views are as they are.
        """
        arguments = tenant_day_arguments()
        if models is not None:
            listed = models_of(self.manifest_path, "incremental")
            tables = [node["name"] for node in listed if node["name"] in models]
            if not tables:
                return
            arguments = tenant_day_arguments(tables)
        variables = {
            "tenant_id": str(tenant_id),
            "business_days": [day.isoformat() for day in days],
        }
        options = f"-c role={TRANSFORMS} -c app.tenant_id={tenant_id} {_PLANNER}"
        self.run(database.url, arguments, variables, on_event, options)

    def run(
        self,
        database_url: str,
        arguments: list[str],
        variables: dict[str, Any],
        on_event: EventSink = lambda _: None,
        connection_options: str = _AS_NOBODY,
    ) -> None:
        """One dbt command against a database; raises TransformFailed naming what is red.

        ``connection_options`` say in whose name it reads and writes; without a tenant it fails.
        """
        self.prepare(may_parse=True)
        with (
            tempfile.TemporaryDirectory(prefix="synkro-dbt-") as scratch,
            _environment(dbt_environment(database_url) | {"PGOPTIONS": connection_options}),
        ):
            self._invoke(
                [*arguments, "--vars", json.dumps(variables)],
                Path(scratch),
                on_event,
                parsed=self.folder / "target" / "partial_parse.msgpack",
            )

    def _invoke(
        self,
        arguments: list[str],
        scratch: Path,
        on_event: EventSink = lambda _: None,
        parsed: Path | None = None,
    ) -> None:
        from dbt.cli.main import dbtRunner
        from dbt.contracts.graph.manifest import Manifest
        from dbt_common.events.functions import msg_to_dict

        # A manifest is changed by running it, so every call reads its own.
        manifest = Manifest.from_msgpack(parsed.read_bytes()) if parsed else None
        if manifest is not None:
            _point_at(manifest, os.environ["DBT_SYNKRO_DBNAME"])
        complaints: list[str] = []

        def receive(event: Any) -> None:
            raw = msg_to_dict(event)
            complaint = _complaint(raw)
            if complaint:
                # What failed before the first model is why the rest did.
                is_hook = "on-run-start" in complaint
                complaints.insert(0 if is_hook else len(complaints), complaint)
            on_event(raw)

        options = [
            "--log-level", "none", "--log-level-file", "none", "--no-use-colors",
            "--project-dir", str(self.folder), "--profiles-dir", str(self.folder),
            "--target-path", str(scratch), "--log-path", str(scratch),
            # What was parsed is written for keeping; what a run compiled is read by nobody.
            *([] if manifest is None else ["--no-write-json"]),
        ]  # fmt: skip
        outcome = dbtRunner(manifest=manifest, callbacks=[receive]).invoke([*arguments, *options])
        if not outcome.success:
            raise TransformFailed(f"dbt {arguments[0]} failed: {_said(complaints, outcome)}")


def tenant_day_arguments(tables: Sequence[str] | None = None) -> list[str]:
    """What a tenant's days need of dbt: the tables and the tests that gate them, never a view.

    Of some tables only the tests that need no other.
    """
    chosen = ["config.materialized:incremental", "tag:gate"] if tables is None else [*tables]
    cautious = [] if tables is None else ["--indirect-selection", "cautious"]
    return [
        "build", "--select", *chosen, "--exclude", "test_type:unit", "tag:audit", *cautious,
    ]  # fmt: skip


def _complaint(event: dict[str, Any]) -> str | None:
    data = event.get("data", {})
    name = event.get("info", {}).get("name")
    if name == "LogTestResult" and data.get("status") in {"fail", "error"}:
        rows = data.get("num_failures")
        return f"test {data.get('name')} is red" + (f" ({rows} rows)" if rows else "")
    if name == "LogTestResult":
        return None
    if name in {"RunResultError", "MainEncounteredError"}:
        return " ".join(str(event.get("info", {}).get("msg", "")).split()) or None
    return None


def _point_at(manifest: Any, database: str) -> None:
    """Parsing froze the name of whatever database was configured then; name the one of this run."""
    for node in (*manifest.nodes.values(), *manifest.sources.values()):
        if getattr(node, "relation_name", None):
            node.relation_name = node.relation_name.replace(
                f'"{node.database}".', f'"{database}".', 1
            )
        node.database = database
    # dbt builds what macros see as `graph` only while parsing.
    manifest.build_flat_graph()


def _said(complaints: list[str], outcome: Any) -> str:
    """The first complaints; the whole log of a run is in Dagit."""
    if not complaints:
        return " ".join(str(outcome.exception).split())
    more = len(complaints) - _COMPLAINTS_SHOWN
    shown = "; ".join(complaints[:_COMPLAINTS_SHOWN])
    return f"{shown}; and {more} more" if more > 0 else shown


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """dbt's profile can only be filled from the environment; leave it as it was found."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


if __name__ == "__main__":
    TransformProject(Path(__file__).resolve().parents[2] / "dbt_project").prepare(may_parse=True)
