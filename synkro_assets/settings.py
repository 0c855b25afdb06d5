"""The only place that reads ``SYNKRO_*``: what the environment decides about this installation.

What lives here: names, types and defaults of the settings, and what follows from them alone. The
variables are described in ``.env.example``; a ``.env`` file in the working directory is read too.
What a tenant decides lives in ``app.tenant_runtime_configs``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from pydantic import HttpUrl, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from synkro_assets.domain.errors import UsageProblem
from synkro_assets.operations.platform import (
    Platform,
    SystemClock,
    open_platform,
    operating_system_user,
)
from synkro_assets.operations.simulated_clock import SimulatedClock
from synkro_assets.storage.connection_urls import dagster_url, with_password
from synkro_assets.storage.key_ring import HOW_TO_MAKE_A_KEY

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class Environment(StrEnum):
    """Where this installation runs; production refuses generated secrets and stale builds."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Settings(BaseSettings):
    """One field per variable; secrets are wrapped so that no repr shows them."""

    model_config = SettingsConfigDict(
        env_prefix="SYNKRO_", env_file=".env", extra="ignore", env_ignore_empty=True
    )

    home: Path = Path(".synkro")
    database_url: SecretStr | None = None
    database_password: SecretStr | None = None
    encryption_keys: SecretStr | None = None
    env: Environment = Environment.DEVELOPMENT
    public_url: str = "http://127.0.0.1:8000"
    code_server_host: str = "127.0.0.1"
    code_server_port: int = 4000
    first_business_day: date | None = None
    clock_url: HttpUrl | None = None
    debug: bool = False

    def first_day(self, now: datetime) -> date:
        """The first business day of the partition set, as of ``now`` (aware)."""
        if self.first_business_day is not None:
            return self.first_business_day
        return (now.date() - timedelta(days=400)).replace(day=1)

    @property
    def dagster_home(self) -> Path:
        return self.home.absolute() / "dagster"

    @property
    def is_production(self) -> bool:
        return self.env is Environment.PRODUCTION


def load_settings() -> Settings:
    """The settings of this process; raises UsageProblem naming each variable that is wrong."""
    try:
        return Settings()
    except ValidationError as problem:
        wrong = "; ".join(
            f"SYNKRO_{'_'.join(str(part) for part in error['loc']).upper()}: {error['msg']}"
            for error in problem.errors(include_input=False, include_url=False)
        )
        raise UsageProblem(f"the environment is not usable: {wrong}") from None


@contextmanager
def platform(settings: Settings, acting_as: str | None = None) -> Iterator[Platform]:
    """The platform these settings describe; starts the embedded server when no URL is given.

    Without a name to act as, what is changed is recorded as the operating-system user's.
    """
    url = settings.database_url.get_secret_value() if settings.database_url else None
    if url is not None and settings.database_password is not None:
        url = with_password(url, settings.database_password.get_secret_value())
    keys = settings.encryption_keys.get_secret_value() if settings.encryption_keys else None
    if settings.is_production and keys is None:
        raise UsageProblem(
            f"SYNKRO_ENCRYPTION_KEYS is required when SYNKRO_ENV=production: {HOW_TO_MAKE_A_KEY}"
        )
    if settings.is_production and settings.clock_url is not None:
        raise UsageProblem(
            "SYNKRO_CLOCK_URL is for development: remove it when SYNKRO_ENV=production"
        )
    clock = SimulatedClock(str(settings.clock_url)) if settings.clock_url else SystemClock()
    with open_platform(settings.home, url, keys, clock) as opened:
        yield opened.acting_as(acting_as or operating_system_user())


def child_environment(settings: Settings, database_url: str) -> dict[str, str]:
    """What Dagster's processes need in their environment to find the same platform."""
    clock = {"SYNKRO_CLOCK_URL": str(settings.clock_url)} if settings.clock_url else {}
    return {
        **os.environ,
        **clock,
        "SYNKRO_HOME": str(settings.home.absolute()),
        "SYNKRO_DATABASE_URL": database_url,
        "SYNKRO_DAGSTER_DATABASE_URL": dagster_url(database_url),
        "SYNKRO_CODE_SERVER_HOST": settings.code_server_host,
        "SYNKRO_CODE_SERVER_PORT": str(settings.code_server_port),
        "DAGSTER_HOME": str(settings.dagster_home),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        # The events a run plans are stored in one statement instead of one each.
        "DAGSTER_EVENT_BATCH_SIZE": "100",
        "DO_NOT_TRACK": "1",
    }
