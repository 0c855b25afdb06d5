"""How each of Dagster's processes is started, here and in containers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy.engine import make_url

from synkro_assets.commands import services
from synkro_assets.commands.services import Address, ServiceName, become, service_command
from synkro_assets.domain.errors import UsageProblem
from synkro_assets.settings import PROJECT_ROOT, Settings

PASSWORD = "p@ss:w/ö rd?#%24"


class Became(Exception):
    """What would have replaced this process."""

    def __init__(self, program: str, command: list[str], environment: dict[str, str]) -> None:
        super().__init__(program)
        self.program, self.command, self.environment = program, command, environment


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """Settings of production, where becoming another process is told instead of done."""

    def instead(program: str, command: list[str], environment: dict[str, str]) -> None:
        raise Became(program, command, environment)

    monkeypatch.setattr(os, "execve", instead)
    monkeypatch.chdir(tmp_path)
    return Settings(
        home=tmp_path / "home",
        env="production",  # type: ignore[arg-type]  # as the environment gives it
        database_url="postgresql://ann@db.example:6543/synkro",  # type: ignore[arg-type]
        database_password=PASSWORD,  # type: ignore[arg-type]
        encryption_keys=Fernet.generate_key().decode(),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (ServiceName.CODE_SERVER, "dagster api grpc"),
        (ServiceName.DAEMON, "dagster._daemon run"),
        (ServiceName.WEBSERVER, "dagster_webserver"),
    ],
)
def test_each_service_has_its_command(name: ServiceName, words: str) -> None:
    assert f"-m {words} " in " ".join(service_command(name, Address())) + " "


def test_the_code_server_reloads_code_only_where_asked() -> None:
    command = service_command(ServiceName.CODE_SERVER, Address(port=4000), reloads_code=True)
    assert command[2:5] == ["dagster", "code-server", "start"]
    assert command[-4:] == ["-h", "127.0.0.1", "-p", "4000"]


def test_dagit_has_a_path_only_where_asked() -> None:
    under = service_command(ServiceName.WEBSERVER, Address("0.0.0.0", 3001, "/dagit"))
    assert under[3:9] == ["-h", "0.0.0.0", "-p", "3001", "--path-prefix", "/dagit"]
    assert "--path-prefix" not in service_command(ServiceName.WEBSERVER, Address())


def test_a_service_gets_the_environment_of_synkro_up(settings: Settings) -> None:
    with pytest.raises(Became) as became:
        become(["/bin/dagster", "run"], settings, MORE="1")

    environment = became.value.environment
    assert became.value.command == ["/bin/dagster", "run"]
    assert make_url(environment["SYNKRO_DAGSTER_DATABASE_URL"]).password == PASSWORD
    assert environment["DAGSTER_HOME"] == str(settings.dagster_home)
    assert environment["MORE"] == "1"
    assert Path.cwd() == PROJECT_ROOT
    written = (settings.dagster_home / "dagster.yaml").read_bytes()
    assert written == (PROJECT_ROOT / "dagster.yaml").read_bytes()


def test_a_service_by_itself_starts_no_embedded_database(settings: Settings) -> None:
    lost = settings.model_copy(update={"database_url": None})

    with pytest.raises(UsageProblem, match="SYNKRO_DATABASE_URL is required"):
        become(["/bin/dagster"], lost)
    assert not settings.home.exists()


def test_production_without_keys_becomes_nothing(settings: Settings) -> None:
    with pytest.raises(UsageProblem, match="SYNKRO_ENCRYPTION_KEYS is required"):
        become(["/bin/dagster"], settings.model_copy(update={"encryption_keys": None}))


def test_the_daemons_check_is_stricter_than_dagsters(settings: Settings) -> None:
    with pytest.raises(Became) as became:
        services.check(ServiceName.DAEMON, settings, Address())

    assert became.value.command[1:] == ["-m", "dagster._daemon", "liveness-check"]
    assert int(became.value.environment["DAGSTER_DAEMON_HEARTBEAT_TOLERANCE"]) < 1800


def test_what_is_not_said_of_the_webserver_is_as_under_synkro_up(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "load_settings", lambda: settings)
    with pytest.raises(Became) as became:
        services._run(["webserver"])
    assert became.value.command[3:7] == ["-h", "127.0.0.1", "-p", "3000"]


def test_the_code_server_listens_on_its_setting(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured = settings.model_copy(update={"code_server_port": 4123})
    monkeypatch.setattr(services, "load_settings", lambda: configured)
    with pytest.raises(Became) as became:
        services._run(["code-server", "--host", "0.0.0.0"])
    assert became.value.command[-4:] == ["-h", "0.0.0.0", "-p", "4123"]


@pytest.mark.parametrize("words", [[], ["console"], ["daemon", "--port", "many"]])
def test_an_unknown_service_is_wrong_usage(words: list[str], capsys: Any) -> None:
    with pytest.raises(SystemExit) as ended:
        services._run(words)
    assert ended.value.code == 2
    assert "usage: python -m synkro_assets.commands.services" in capsys.readouterr().err
