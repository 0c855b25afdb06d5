"""docker-compose.yml's services, each run on this machine by the command that is written there.

Host names, ports and folders of the containers are mapped (``production``); nothing else is.
"""

from __future__ import annotations

import json
import shutil
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from cryptography.fernet import Fernet
from psycopg import sql

from synkro_assets.settings import PROJECT_ROOT
from synkro_assets.storage.transforms import TransformProject
from tests import compose
from tests.databases import database_name, scratch_database
from tests.integration.containers import Machine, free_port

# What no URL may hold unescaped, and what Compose and a shell would take for a variable.
PASSWORD = "p@ss:w/ö rd?#%24$HOME'\""
WRITTEN_URL = "postgresql://synkro@postgres:5432/synkro"
LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries { name
  locationOrLoadError { __typename
    ... on RepositoryLocation { repositories { jobs { name } } }
    ... on PythonError { message } } } } } }"""

pytestmark = pytest.mark.skipif(
    compose.compose() is None and not compose.must_exist(), reason=compose.NOT_FOUND
)


@contextmanager
def _database_owner(server_url: str, password: str) -> Iterator[str]:
    """What the image of PostgreSQL makes of POSTGRES_USER: a superuser with that password."""
    role = f"synkro_compose_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        made = sql.SQL("create role {} superuser login password {}")
        connection.execute(made.format(sql.Identifier(role), sql.Literal(password)))
        try:
            yield role
        finally:
            connection.execute(sql.SQL("drop owned by {}").format(sql.Identifier(role)))
            connection.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))


@pytest.fixture(scope="module")
def production(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """The services of the file, not yet started, on an empty database."""
    folder = tmp_path_factory.mktemp("compose")
    key = Fernet.generate_key().decode()
    given = {"POSTGRES_PASSWORD": PASSWORD, "SYNKRO_ENCRYPTION_KEYS": key}
    services = compose.resolved(given)["services"]
    assert services["postgres"]["environment"]["POSTGRES_PASSWORD"] == PASSWORD
    # As the image does while it is built.
    TransformProject(PROJECT_ROOT / "dbt_project").prepare(may_parse=True)
    with _database_owner(server_url, PASSWORD) as role, scratch_database(server_url) as url:
        port = urlsplit(url).port or 5432
        machine = Machine(
            services,
            words={"0.0.0.0": "127.0.0.1", "3000": str(free_port())},
            variables={
                "SYNKRO_DATABASE_URL": f"postgresql://{role}@127.0.0.1:{port}/{database_name(url)}",
                "SYNKRO_HOME": str(folder / "home"),
                "SYNKRO_CODE_SERVER_HOST": "127.0.0.1",
                "SYNKRO_CODE_SERVER_PORT": str(free_port()),
            },
            logs=folder,
            postgres_port=port,
        )
        try:
            yield machine
        finally:
            machine.stop_all()


@pytest.fixture(scope="module")
def started(production: Machine) -> Machine:
    """Everything up, in the order and on the conditions of the file."""
    production.start("migrate")
    production.start("code-server")
    # Neither waits for the other: both meet Dagster's storage without its tables.
    production.start("daemon", "webserver")
    return production


def _url(machine: Machine) -> str:
    return f"http://127.0.0.1:{machine.words['3000']}"


def _locations(machine: Machine) -> list[dict[str, Any]]:
    request = urllib.request.Request(
        f"{_url(machine)}/dagit/graphql",
        data=json.dumps({"query": LOCATIONS}).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return list(json.load(answer)["data"]["workspaceOrError"]["locationEntries"])


def test_only_the_database_has_another_url_than_what_is_mapped(production: Machine) -> None:
    ours = {name: each for name, each in production.services.items() if name != "postgres"}
    assert {each["environment"]["SYNKRO_DATABASE_URL"] for each in ours.values()} == {WRITTEN_URL}
    assert {each["environment"]["SYNKRO_DATABASE_PASSWORD"] for each in ours.values()} == {PASSWORD}


def test_the_databases_check_passes_and_fails_where_none_listens(production: Machine) -> None:
    assert production.check("postgres").returncode == 0
    elsewhere = replace(production, postgres_port=free_port())
    assert elsewhere.check("postgres").returncode != 0


def test_a_second_migration_finds_nothing_to_do(started: Machine, tmp_path: Path) -> None:
    assert "applied" in started.said("migrate")
    again = replace(started, logs=tmp_path, running={})
    assert again.launch("migrate").wait(60) == 0
    assert again.said("migrate").strip() == "nothing to do: the database is up to date"


@pytest.mark.parametrize("name", ["code-server", "daemon", "webserver"])
def test_a_service_becomes_healthy(started: Machine, name: str) -> None:
    started.await_health(name)


def test_dagit_shows_the_code_under_its_path(started: Machine) -> None:
    started.await_health("webserver")
    with urllib.request.urlopen(f"{_url(started)}/dagit/server_info", timeout=30) as answer:
        assert "dagster_webserver_version" in json.load(answer)
    (location,) = _locations(started)
    assert location["name"] == "synkro"
    loaded = location["locationOrLoadError"]
    assert loaded["__typename"] == "RepositoryLocation", loaded
    jobs = {job["name"] for repository in loaded["repositories"] for job in repository["jobs"]}
    assert "daily_report_job" in jobs


def test_every_service_uses_the_same_dagster_yaml(started: Machine) -> None:
    copied = Path(started.variables["SYNKRO_HOME"]) / "dagster" / "dagster.yaml"
    assert copied.read_bytes() == (PROJECT_ROOT / "dagster.yaml").read_bytes()


def test_no_process_shows_the_password_in_its_command_line(started: Machine) -> None:
    for name in ("code-server", "daemon", "webserver"):
        for process in started.processes(name):
            words = " ".join(process.cmdline())
            assert words
            assert PASSWORD not in words
            assert "postgresql://" not in words and "psycopg2" not in words
        assert PASSWORD not in started.said(name)


def test_a_check_fails_where_its_service_does_not_answer(production: Machine) -> None:
    nowhere = {"SYNKRO_CODE_SERVER_PORT": str(free_port())}
    silent = replace(
        production,
        words=production.words | {"3000": str(free_port())},
        variables=production.variables | nowhere,
    )
    for name, complaint in {"code-server": "no code server", "webserver": "no answer from"}.items():
        checked = silent.check(name)
        assert (checked.returncode, checked.stderr.count("\n")) == (1, 1), checked.stderr
        assert complaint in checked.stderr


def test_the_daemons_check_fails_where_none_has_run(production: Machine, server_url: str) -> None:
    with scratch_database(server_url) as url:
        here = production.variables["SYNKRO_DATABASE_URL"].rpartition("/")[0]
        variables = {"SYNKRO_DATABASE_URL": f"{here}/{database_name(url)}"}
        fresh = replace(production, variables=production.variables | variables, running={})
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("create schema dagster")
        checked = fresh.check("daemon")
        assert checked.returncode != 0
        assert "Daemon(s) not running" in checked.stdout


@pytest.fixture
def unparsed(production: Machine, tmp_path: Path) -> Machine:
    """The same services from an image whose dbt project was not parsed."""
    project = tmp_path / "app"
    built = shutil.ignore_patterns("target", "logs", "__pycache__")
    for name in ("synkro_assets", "dbt_project", "supabase"):
        shutil.copytree(PROJECT_ROOT / name, project / name, ignore=built)
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(PROJECT_ROOT / name, project)
    variables = production.variables | {
        "SYNKRO_HOME": str(tmp_path / "home"),
        "SYNKRO_CODE_SERVER_PORT": str(free_port()),
    }
    return replace(production, project=project, logs=tmp_path, variables=variables, running={})


def test_a_code_server_whose_code_does_not_load_is_not_healthy(
    started: Machine, unparsed: Machine
) -> None:
    code_server = unparsed.launch("code-server")
    try:
        while "no code server answers" in (checked := unparsed.check("code-server")).stderr:
            assert code_server.poll() is None, unparsed.said("code-server")
        assert checked.returncode == 1
        assert "the parsed dbt project in" in checked.stderr
        assert "does not belong to this version" in checked.stderr
    finally:
        unparsed.stop_all()


def test_production_migrates_by_no_project_but_the_parsed_one(
    unparsed: Machine, server_url: str
) -> None:
    here = unparsed.variables["SYNKRO_DATABASE_URL"].rpartition("/")[0]
    with scratch_database(server_url) as url:
        unparsed.variables["SYNKRO_DATABASE_URL"] = f"{here}/{database_name(url)}"
        assert unparsed.launch("migrate").wait(60) == 2
    said = unparsed.said("migrate").splitlines()[-1]
    assert said.startswith("synkro: the parsed dbt project in")
    assert not (unparsed.project / "dbt_project" / "target").exists()


def test_a_service_without_a_database_url_says_what_is_missing(
    production: Machine, tmp_path: Path
) -> None:
    variables = production.variables | {"SYNKRO_DATABASE_URL": ""}
    lost = replace(production, variables=variables, logs=tmp_path, running={})
    assert lost.launch("daemon").wait(60) == 2
    said = lost.said("daemon")
    assert said.startswith("synkro: SYNKRO_DATABASE_URL is required")
    assert said.count("\n") == 1


def test_each_service_ends_when_asked_and_leaves_no_process(started: Machine) -> None:
    """Last of its module: it stops what the others look at."""
    for name in ("webserver", "daemon", "code-server"):
        started.await_health(name)
    codes = started.stop_all()
    assert set(codes) == {"migrate", "code-server", "daemon", "webserver"}
    assert set(codes.values()) == {0}, codes
