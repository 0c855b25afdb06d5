"""``synkro demo``: the main job end to end on simulated providers, with proof that it happened.

What lives here: setting the stage (simulators, tenants, integrations), running each tenant's day
and verifying the outcome from outside. The run itself is ``run``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synkro_assets.commands.dagster_runs import dagster_instance
from synkro_assets.commands.run import DayRun, run_day
from synkro_assets.commands.simulators import ControlClient, simulators
from synkro_assets.commands.terminal import say
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.errors import UnknownTenant, UsageProblem, WorkFailed
from synkro_assets.domain.tenant import Mode, Tenant, parse_slug
from synkro_assets.operations import integration_settings
from synkro_assets.operations.integration_checks import check_integrations
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.setup import bring_up_to_date
from synkro_assets.operations.tenant_config import add_tenant, find_tenant, set_tenant
from synkro_assets.operations.tenant_run import require_closed
from synkro_assets.settings import PROJECT_ROOT, Settings

MAX_TENANTS = 5


@dataclass(frozen=True, slots=True)
class DemoCompany:
    """A company of the demonstration."""

    slug: str
    name: str
    timezone: str
    language: str
    region: str
    mode: Mode = Mode.AMOCRM_RADIST


COMPANIES = (
    DemoCompany("demo-motor", "Мотор Сервис", "Europe/Moscow", "ru", "RU"),
    DemoCompany("demo-northwind", "Northwind Kitchens", "Europe/London", "en", "GB"),
    DemoCompany("demo-ural", "Урал Комплект", "Asia/Yekaterinburg", "ru", "RU", Mode.RADIST_ONLY),
    DemoCompany("demo-steppe", "Степной Дом", "Asia/Almaty", "ru", "KZ"),
    DemoCompany("demo-hudson", "Hudson Rentals", "America/New_York", "en", "US", Mode.AMOCRM_ONLY),
)

# A day of real conversations may hold more than a small company's limits allow.
_ROOM = (
    "radist_fetch_limit=100000", "max_radist_contact_pages=10000", "max_radist_candidates=100000",
    "max_amo_leads=100000", "max_amo_contacts=100000",
)  # fmt: skip


def run_demo(
    settings: Settings,
    platform: Platform,
    *,
    tenants: int = 2,
    dialogs: Path | None = None,
    day: BusinessDay | None = None,
    with_ai: bool = True,
) -> list[DayRun]:
    """The main job for each demonstration tenant; raises WorkFailed unless every step happened."""
    _check_arguments(settings, tenants, dialogs)
    companies = COMPANIES[:tenants] if dialogs is None else [_company_of(dialogs)]
    bring_up_to_date(platform.database, PROJECT_ROOT, say)
    with simulators(settings.home / "simulators", dialogs=dialogs) as control:
        done = []
        for tenant, chosen in prepared_tenants(
            platform, control, companies, day=day, dialogs=dialogs, with_ai=with_ai
        ):
            run = run_day(
                settings, platform, tenant, chosen, deliver=True, requested_by="synkro demo"
            )
            _verify(settings, platform, control, run)
            done.append(run)
    return done


def prepared_tenants(
    platform: Platform,
    control: ControlClient,
    companies: Sequence[DemoCompany],
    *,
    day: BusinessDay | None = None,
    dialogs: Path | None = None,
    with_ai: bool = True,
    is_scheduled: bool = False,
) -> Iterator[tuple[Tenant, BusinessDay]]:
    """Each company as a tenant whose simulated day is loaded and whose integrations work."""
    for company in companies:
        tenant = _tenant(platform, company, dialogs, with_ai, is_scheduled)
        chosen = day or tenant.config.calendar.latest_closed(platform.clock.now())
        require_closed(tenant, [chosen], platform.clock.now())
        _set_stage(platform, control, tenant, chosen, dialogs, with_ai)
        yield tenant, chosen


def _check_arguments(settings: Settings, tenants: int, dialogs: Path | None) -> None:
    if settings.is_production:
        raise UsageProblem(
            "the demo makes up customers: it does not run with SYNKRO_ENV=production"
        )
    if not 1 <= tenants <= MAX_TENANTS:
        raise UsageProblem(f"--tenants is between 1 and {MAX_TENANTS}")
    if dialogs is not None and not dialogs.is_file():
        raise UsageProblem(f"there is no dialogs file {dialogs}")


def _company_of(dialogs: Path) -> DemoCompany:
    """A tenant of its own for each dialogs file, in the language its name says."""
    stem = re.sub(r"[^a-z0-9]+", "-", dialogs.stem.lower()).strip("-")[:28] or "dialogs"
    first = COMPANIES[1] if stem.startswith("en") else COMPANIES[0]
    return DemoCompany(f"demo-{stem}", first.name, first.timezone, first.language, first.region)


def _tenant(
    platform: Platform,
    company: DemoCompany,
    dialogs: Path | None,
    with_ai: bool,
    is_scheduled: bool,
) -> Tenant:
    slug = parse_slug(company.slug if with_ai else f"{company.slug}-no-ai")
    settings = [
        f"language={company.language}",
        f"default_region={company.region}",
        f"mode={company.mode}",
        f"is_schedule_enabled={'yes' if is_scheduled else 'no'}",
    ]
    settings += _ROOM if dialogs is not None else ()
    try:
        find_tenant(platform, slug)
        return set_tenant(platform, slug, settings)
    except UnknownTenant:
        return add_tenant(platform, slug, company.name, company.timezone, company.mode, settings)


def _set_stage(
    platform: Platform,
    control: ControlClient,
    tenant: Tenant,
    day: BusinessDay,
    dialogs: Path | None,
    with_ai: bool,
) -> None:
    """Load the tenant's simulated day and connect its integrations to it, then check them."""
    window = tenant.config.calendar.window(day)
    integrations = control.load_world(tenant, day, window)
    if dialogs is not None:
        # Hundreds of conversations at five requests a second would be minutes of waiting.
        control.lift_limits()
        integrations["radist"] |= {"requests_per_second": 1000, "chats_per_second": 1000}
        integrations["amocrm"] |= {"requests_per_second": 1000}
    needed = _kinds(tenant.config.mode, with_ai)
    saved = integration_settings.stored(platform, tenant).keys()
    for kind in saved & (integrations.keys() - needed):
        integration_settings.remove(platform, tenant, kind)
    for kind in needed:
        integration_settings.save(platform, tenant, kind, integrations[kind])
    for outcome in check_integrations(platform, tenant, may_send=False):
        if outcome.error:
            raise WorkFailed(f"{tenant.slug}: the {outcome.kind} check failed: {outcome.error}")


def _kinds(mode: Mode, with_ai: bool) -> set[str]:
    """The integrations a company of this mode has."""
    wanted = {"amocrm": mode.reads_amocrm, "radist": mode.reads_radist, "ai": with_ai}
    return {"telegram", *(kind for kind, is_wanted in wanted.items() if is_wanted)}


def _verify(settings: Settings, platform: Platform, control: ControlClient, run: DayRun) -> None:
    """Look from outside: every asset materialized in Dagster, every message in the chat."""
    from synkro_assets.commands.dagster_runs import unmaterialized_assets

    with dagster_instance(settings, platform.database.url) as instance:
        missing = unmaterialized_assets(instance, run.run_ids)
    if missing:
        raise WorkFailed(f"{run.tenant.slug}: Dagster has no materialization of {missing}")
    in_chat = {str(message["message_id"]) for message in control.chat(run.tenant.slug)}
    unseen = [part for part in run.parts if part.provider_message_id not in in_chat]
    if not run.parts or unseen:
        raise WorkFailed(f"{run.tenant.slug}: the report is not in the simulated Telegram chat")


def summary(runs: Sequence[DayRun]) -> list[dict[str, Any]]:
    """The demonstration's outcome for ``--json``."""
    return [
        {
            "tenant": run.tenant.slug,
            "business_day": run.day.isoformat(),
            "dagster_run_ids": run.run_ids,
            "report_id": str(run.report.report_id),
            "status": run.report.status,
            "telegram_message_ids": [part.provider_message_id for part in run.parts],
            "report": run.report.summary_text,
        }
        for run in runs
    ]


def story(runs: Sequence[DayRun]) -> str:
    """The reports and where to look next, for a person."""
    told = []
    for run in runs:
        ids = ", ".join(part.provider_message_id or "" for part in run.parts)
        told.append(
            f"{'─' * 78}\n{run.report.summary_text}\n{'─' * 78}\n"
            f"{run.tenant.slug}, {run.day}: delivered to the simulated Telegram as message {ids}; "
            f"Dagster run {run.run_ids[0]}"
        )
    first = runs[0]
    told.append(
        "Where to look next:\n"
        f"  synkro reports show {first.tenant.slug} --day {first.day} --json\n"
        "                          every fact behind the report\n"
        "  synkro up --demo        Dagit with lineage and run logs, at http://127.0.0.1:3000\n"
        "  synkro doctor           what is configured and healthy"
    )
    return "\n\n".join(told)
