"""The stage of ``synkro up --demo``: days that are there when the clock comes to them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from synkro_assets.commands.demo import COMPANIES, prepared_tenants
from synkro_assets.commands.demo_stage import CAST, DAYS_AFTER, WorldKeeper, days_around, demo_stage
from synkro_assets.commands.simulators import ControlClient, simulators
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.errors import UsageProblem, WorkFailed
from synkro_assets.domain.tenant import Mode, Tenant, TenantSlug
from synkro_assets.operations import integration_settings
from synkro_assets.operations.integration_checks import check_integrations
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.simulated_clock import SimulatedClock, read_clock
from synkro_assets.operations.tenant_config import add_tenant, list_tenants
from synkro_assets.settings import Environment, Settings, child_environment
from tests.conftest import SettableClock

NOW = datetime.fromisoformat("2026-03-05T17:00:00+00:00")
DAY = timedelta(days=1)
AROUND = ["2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06"]


@pytest.fixture
def control(tmp_path: Path) -> Iterator[ControlClient]:
    """Simulators of the test's own, for their clock is moved."""
    with simulators(tmp_path / "simulators") as running:
        running.set_clock(NOW, 0)
        yield running


@pytest.fixture
def cast(
    platform: Platform, clock: SettableClock, control: ControlClient
) -> dict[Tenant, BusinessDay]:
    """The three companies, each with its latest closed day."""
    clock.stands_at = NOW
    return dict(prepared_tenants(platform, control, CAST, is_scheduled=True))


@pytest.fixture
def tenants(platform: Platform) -> list[Tenant]:
    """The three companies with nothing but their zones."""
    return [
        add_tenant(platform, TenantSlug(each.slug), each.name, each.timezone, each.mode, ())
        for each in CAST
    ]


def worlds(control: ControlClient) -> dict[str, list[str]]:
    listed = control._ask("GET", "/control/worlds")["worlds"]
    return {each["tenant"]: sorted(each["days"]) for each in listed}


def eventually(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline, "not within 20 s"
        time.sleep(0.05)


def labels(first: str, count: int) -> list[str]:
    return [
        (date.fromisoformat(first) + timedelta(days=place)).isoformat() for place in range(count)
    ]


def test_the_cast_has_every_mode_and_a_zone_each() -> None:
    assert {company.mode for company in CAST} == set(Mode)
    assert len({company.timezone for company in CAST}) == len(CAST) == 3
    assert {company.mode for company in COMPANIES} == set(Mode)
    assert [company.mode for company in COMPANIES[:2]] == [Mode.AMOCRM_RADIST] * 2


def test_a_company_has_the_integrations_of_its_mode_and_they_work(
    platform: Platform, cast: dict[Tenant, BusinessDay]
) -> None:
    for tenant in cast:
        assert tenant.config.is_schedule_enabled
        outcomes = {each.kind: each.status for each in check_integrations(platform, tenant)}
        assert set(outcomes.values()) == {"ok"}
        assert ("amocrm" in outcomes) == tenant.config.mode.reads_amocrm
        assert ("radist" in outcomes) == tenant.config.mode.reads_radist
        assert {"ai", "telegram"} <= set(outcomes)


def test_a_company_that_had_another_mode_loses_what_it_needs_no_more(
    platform: Platform, control: ControlClient, cast: dict[Tenant, BusinessDay]
) -> None:
    ural = next(tenant for tenant in cast if tenant.slug == "demo-ural")
    extra = {"base_url": f"{control.url}/amocrm", "long_lived_token": "old"}
    integration_settings.save(platform, ural, "amocrm", extra)
    list(prepared_tenants(platform, control, CAST))
    assert "amocrm" not in integration_settings.stored(platform, ural)
    assert not any(tenant.config.is_schedule_enabled for tenant in list_tenants(platform))


def test_the_days_around_the_clock_are_loaded_each_once(
    control: ControlClient, tenants: list[Tenant], monkeypatch: pytest.MonkeyPatch
) -> None:
    orders: list[tuple[str, str]] = []
    load = ControlClient.load_world

    def counted(self: ControlClient, tenant: Tenant, day: BusinessDay, window: Any) -> Any:
        orders.append((tenant.slug, day.isoformat()))
        return load(self, tenant, day, window)

    monkeypatch.setattr(ControlClient, "load_world", counted)
    keeper = WorldKeeper(control, tenants)
    keeper.look()
    keeper.look()

    # 17:00 UTC: in Yekaterinburg at 22:00 and in New York at noon it is the fifth of March too.
    assert worlds(control) == {tenant.slug: AROUND for tenant in tenants}
    control.set_clock(NOW + timedelta(minutes=2), 0)
    keeper.look()
    days = worlds(control)
    assert days["demo-ural"] == labels("2026-03-03", 5)
    assert days["demo-motor"] == AROUND
    assert len(orders) == len(set(orders)) == 3 * 4 + 1


def test_a_clock_put_forward_by_days_leaves_no_gap(
    control: ControlClient, tenants: list[Tenant]
) -> None:
    keeper = WorldKeeper(control, tenants)
    with keeper.keeping():
        eventually(lambda: worlds(control) == {each.slug: AROUND for each in tenants})
        control.set_clock(NOW + 6 * DAY, 0)
        wanted = {tenant.slug: labels("2026-03-03", 10) for tenant in tenants}
        eventually(lambda: worlds(control) == wanted)


def test_a_year_is_not_caught_up_with(tenants: list[Tenant]) -> None:
    tenant = tenants[0]
    days = days_around(tenant, NOW + 365 * DAY, NOW)
    assert len(days) == 31 + 1 + DAYS_AFTER
    assert days[-1] == tenant.config.calendar.label(NOW + 366 * DAY)


def test_the_keeper_outlives_simulators_that_are_gone_for_a_while_and_stops_at_once(
    control: ControlClient, tenants: list[Tenant], capsys: pytest.CaptureFixture[str]
) -> None:
    keeper = WorldKeeper(control, tenants)
    there, control.url = control.url, "http://127.0.0.1:9"
    with keeper.keeping():
        eventually(lambda: "not kept up" in capsys.readouterr().err)
        control.url = there
        eventually(lambda: worlds(control) == {each.slug: AROUND for each in tenants})
        started = time.monotonic()
    assert time.monotonic() - started < 5


def test_the_platform_on_the_stage_goes_by_the_simulators_clock(
    platform: Platform, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    with demo_stage(settings, platform, rate=0) as (staged, on_stage):
        url = child_environment(staged, "postgresql://u:p@h/db")["SYNKRO_CLOCK_URL"]
        there = read_clock(url)
        assert on_stage.clock.now() == there.now
        assert abs(platform.clock.now() - there.now - 3 * DAY) < timedelta(minutes=2)
        control = ControlClient(url.removesuffix("/control/clock"))
        days = worlds(control)
        for tenant in list_tenants(on_stage):
            today = tenant.config.calendar.label(there.now)
            assert days[tenant.slug] == labels((today - 2 * DAY).isoformat(), 4)
    with pytest.raises(WorkFailed, match="SYNKRO_CLOCK_URL") as refusal:
        SimulatedClock(url).now()
    assert "\n" not in str(refusal.value)


def test_a_second_start_connects_the_same_companies_to_the_new_address(
    platform: Platform, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    found = []
    for _ in range(2):
        with demo_stage(settings, platform) as (staged, on_stage):
            tenants = {tenant.slug: tenant for tenant in list_tenants(on_stage)}
            motor = tenants["demo-motor"]
            stored = integration_settings.stored(on_stage, motor)
            found.append(({each.tenant_id for each in tenants.values()}, staged.clock_url))
            assert all(
                str(each.public_data["base_url"]).startswith(str(staged.clock_url)[:22])
                for each in stored.values()
            )
            checked = check_integrations(on_stage, motor, may_send=False)
            assert {each.status for each in checked} == {"ok"}
            control = ControlClient(str(staged.clock_url).removesuffix("/control/clock"))
            said = {"tenant": motor.slug, "text": f"start {len(found)}"}
            control._ask("POST", "/control/telegram/messages", said)
            chat = [message["text"] for message in control.chat(motor.slug)]
            assert chat == ["start 1", "start 2"][: len(found)]
    (first_ids, first_url), (second_ids, second_url) = found
    assert first_ids == second_ids
    assert first_url != second_url


def test_production_has_no_stage(platform: Platform, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, env=Environment.PRODUCTION)
    with pytest.raises(UsageProblem, match="production"), demo_stage(settings, platform):
        pytest.fail("it was set")


def test_the_request_log_sums_up_each_provider(
    platform: Platform, control: ControlClient, cast: dict[Tenant, BusinessDay]
) -> None:
    control.forget_requests()
    assert control.request_log() == {}
    motor = next(tenant for tenant in cast if tenant.slug == "demo-motor")
    check_integrations(platform, motor)
    summary = control.request_log()
    assert set(summary) == {"amocrm", "radist", "telegram", "gemini"}
    assert all(each["count"] and each["handler_seconds"] > 0 for each in summary.values())
    assert control.clock().rate == 0
