"""What the environment decides, and how it is told that it is wrong."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pydantic import HttpUrl

from synkro_assets.domain.errors import UsageProblem
from synkro_assets.operations.platform import SystemClock, operating_system_user
from synkro_assets.operations.simulated_clock import SimulatedClock
from synkro_assets.settings import Settings, child_environment, load_settings, platform
from synkro_assets.storage.database import Actor


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("SYNKRO_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_an_empty_environment_is_a_development_one() -> None:
    settings = load_settings()

    assert not settings.is_production
    assert settings.database_url is None
    assert settings.dagster_home == Path.cwd() / ".synkro" / "dagster"


def test_an_empty_variable_counts_as_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNKRO_ENCRYPTION_KEYS", "")

    assert load_settings().encryption_keys is None


def test_a_file_in_the_working_directory_is_read_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(".env").write_text("SYNKRO_CODE_SERVER_PORT=4001\nSYNKRO_DEBUG=yes\nOTHER=1\n")
    monkeypatch.setenv("SYNKRO_CODE_SERVER_PORT", "4002")

    settings = load_settings()

    assert (settings.code_server_port, settings.debug) == (4002, True)


def test_every_wrong_variable_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNKRO_CODE_SERVER_PORT", "hunter2")
    monkeypatch.setenv("SYNKRO_FIRST_BUSINESS_DAY", "2026-02-30")
    monkeypatch.setenv("SYNKRO_ENV", "staging")

    with pytest.raises(UsageProblem) as refusal:
        load_settings()

    line = str(refusal.value)
    assert "\n" not in line
    assert "hunter2" not in line
    for name in ("CODE_SERVER_PORT", "FIRST_BUSINESS_DAY", "ENV"):
        assert f"SYNKRO_{name}: " in line


def test_no_repr_shows_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNKRO_DATABASE_URL", "postgresql://u:hunter2@h/db")
    monkeypatch.setenv("SYNKRO_ENCRYPTION_KEYS", "hunter2")
    monkeypatch.setenv("SYNKRO_DATABASE_PASSWORD", "hunter2")

    settings = load_settings()

    assert "hunter2" not in f"{settings!r} {settings} {settings.model_dump()}"


@pytest.mark.parametrize(
    ("now", "first"),
    [
        (datetime(2026, 3, 5, tzinfo=UTC), date(2025, 1, 1)),
        (datetime(2026, 3, 31, 23, 59, tzinfo=UTC), date(2025, 2, 1)),
        (datetime(2026, 2, 4, tzinfo=UTC), date(2024, 12, 1)),
    ],
)
def test_the_first_day_is_the_first_of_the_month_400_days_ago(now: datetime, first: date) -> None:
    assert Settings().first_day(now) == first


def test_the_first_day_may_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNKRO_FIRST_BUSINESS_DAY", "2026-02-15")

    assert load_settings().first_day(datetime(2026, 3, 5, tzinfo=UTC)) == date(2026, 2, 15)


def test_production_asks_for_keys_before_anything_is_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SYNKRO_ENV", "production")

    with (
        pytest.raises(UsageProblem, match="SYNKRO_ENCRYPTION_KEYS is required"),
        platform(load_settings()),
    ):
        pytest.fail("it opened")
    assert list(Path.cwd().iterdir()) == []


def test_production_goes_by_no_clock_but_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNKRO_ENV", "production")
    monkeypatch.setenv("SYNKRO_ENCRYPTION_KEYS", "x")
    monkeypatch.setenv("SYNKRO_CLOCK_URL", "http://127.0.0.1:8090/control/clock")

    with (
        pytest.raises(UsageProblem, match="SYNKRO_CLOCK_URL is for development"),
        platform(load_settings()),
    ):
        pytest.fail("it opened")
    assert list(Path.cwd().iterdir()) == []


def test_the_platform_goes_by_the_clock_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNKRO_DATABASE_URL", "postgresql://u:p@h/db")
    with platform(load_settings()) as usual:
        assert isinstance(usual.clock, SystemClock)
    monkeypatch.setenv("SYNKRO_CLOCK_URL", "http://127.0.0.1:8090/control/clock")
    with platform(load_settings()) as simulated:
        assert isinstance(simulated.clock, SimulatedClock)


def test_a_clock_that_is_no_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNKRO_CLOCK_URL", "file:///etc/passwd")

    with pytest.raises(UsageProblem, match="SYNKRO_CLOCK_URL: "):
        load_settings()


def test_child_processes_go_by_the_same_clock() -> None:
    url = "http://127.0.0.1:8090/control/clock"

    followed = child_environment(Settings(clock_url=HttpUrl(url)), "postgresql://u:p@h/db")

    assert followed["SYNKRO_CLOCK_URL"] == url
    assert "SYNKRO_CLOCK_URL" not in child_environment(Settings(), "postgresql://u:p@h/db")


def test_a_password_of_its_own_goes_into_the_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNKRO_DATABASE_URL", "postgresql://u@h/db")
    monkeypatch.setenv("SYNKRO_DATABASE_PASSWORD", "a@b")

    with platform(load_settings()) as opened:
        assert opened.database.url == "postgresql://u@h/db?password=a%40b"


def test_child_processes_find_the_same_platform() -> None:
    environment = child_environment(load_settings(), "postgresql://u:p@h/db")

    assert environment["SYNKRO_HOME"] == str(Path.cwd() / ".synkro")
    assert environment["SYNKRO_DATABASE_URL"] == "postgresql://u:p@h/db"
    assert environment["SYNKRO_DAGSTER_DATABASE_URL"].startswith("postgresql+psycopg2://u:p@h/db?")
    assert environment["DAGSTER_HOME"] == str(Path.cwd() / ".synkro" / "dagster")


def test_a_platform_acts_as_the_operating_system_user_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SYNKRO_DATABASE_URL", "postgresql://u@h/db")

    with platform(load_settings()) as usual, platform(load_settings(), "a sensor") as told:
        assert usual.database.actor == Actor(operating_system_user())
        assert told.database.actor == Actor("a sensor")
    by_request = usual.acting_as("ann@acme.example", "203.0.113.9")
    assert by_request.database.actor == Actor("ann@acme.example", "203.0.113.9")
    assert by_request.keys is usual.keys
