"""The ``synkro`` command tree; each command calls one function elsewhere.

What lives here: names, options and exit codes. Logs go to stderr, results to stdout, ``--json``
puts one JSON document there. Exit codes: 0 done, 1 the work failed, 2 wrong usage or configuration.

Budget: the whole tree on one page; each command is its options and one call.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from synkro_assets.commands import terminal
from synkro_assets.domain.business_day import Window, parse_business_day, parse_instant
from synkro_assets.domain.errors import SynkroError, UsageProblem, WorkFailed
from synkro_assets.domain.tenant import Tenant, TenantSlug, parse_slug
from synkro_assets.operations import (
    account_standing,
    amocrm_connection,
    integration_settings,
    key_rotation,
    people,
    report_reading,
    run_reading,
    run_supervision,
    setup,
    supabase_export,
    tenant_config,
)
from synkro_assets.operations import doctor as examination
from synkro_assets.operations.integration_checks import check_integrations
from synkro_assets.operations.platform import Platform, operating_system_user
from synkro_assets.settings import PROJECT_ROOT, Settings, load_settings, platform

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None,
                  pretty_exceptions_enable=False,
                  help="Daily sales reports from amoCRM and messengers.")  # fmt: skip
tenants = typer.Typer(no_args_is_help=True, help="The companies whose days are reported.")
integrations = typer.Typer(no_args_is_help=True, help="A tenant's accounts at the providers.")
reports = typer.Typer(no_args_is_help=True, help="Reports that were made.")
runs = typer.Typer(no_args_is_help=True, help="The ledger of runs.")
users = typer.Typer(no_args_is_help=True, help="The people who may sign in.")
keys = typer.Typer(no_args_is_help=True, help="The keys that seal the integrations' secrets.")
app.add_typer(tenants, name="tenants")
app.add_typer(integrations, name="integrations")
app.add_typer(reports, name="reports")
app.add_typer(runs, name="runs")
app.add_typer(users, name="users")
app.add_typer(keys, name="keys")

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Slug = Annotated[
    str, typer.Argument(parser=parse_slug, metavar="SLUG", help="A tenant, such as acme.")
]
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="In any letters, large or small.")]
Pairs = Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]…", help="Settings.")]
Dialogs = Annotated[
    Path | None, typer.Option(help="JSON lines of conversations for the simulated messenger.")
]


@contextmanager
def opened() -> Iterator[tuple[Settings, Platform]]:
    """Settings and platform of this installation."""
    settings = load_settings()
    with platform(settings) as found:
        yield settings, found


@contextmanager
def migrated() -> Iterator[tuple[Settings, Platform]]:
    """The same, with a database this version works with."""
    with opened() as (settings, found):
        setup.require_up_to_date(found.database, PROJECT_ROOT)
        yield settings, found


@app.command()
def demo(
    tenants: Annotated[int, typer.Option(help="How many companies, 1 to 5.")] = 2,
    dialogs: Dialogs = None,
    day: Annotated[str | None, typer.Option(help="A closed day, YYYY-MM-DD.")] = None,
    ai: Annotated[bool, typer.Option(help="Whether the companies have an AI integration.")] = True,
    json: Json = False,
) -> None:
    """The main job end to end on embedded parts and simulated providers."""
    from synkro_assets.commands import demo as demonstration

    chosen = parse_business_day(day) if day else None
    with opened() as (settings, found):
        runs = demonstration.run_demo(
            settings, found, tenants=tenants, dialogs=dialogs, day=chosen, with_ai=ai
        )
    if json:
        terminal.emit(demonstration.summary(runs))
    else:
        terminal.show(demonstration.story(runs))


@app.command()
def up(
    demo: Annotated[bool, typer.Option(help="With simulated providers and companies.")] = False,
    port: Annotated[int, typer.Option(help="Dagit's port.")] = 3000,
    rate: Annotated[float, typer.Option(min=0, help="How fast the demo's clock goes.")] = 1,
) -> None:
    """Everything on this machine: database, code server, daemon, Dagit; Ctrl-C stops it."""
    from synkro_assets.commands.up import run_up

    with opened() as (settings, found):
        run_up(settings, found, port=port, with_demo=demo, rate=rate)


@app.command()
def migrate(
    dry_run: Annotated[bool, typer.Option(help="Only say what would be applied.")] = False,
    json: Json = False,
) -> None:
    """Bring the database's schema up to date."""
    with opened() as (settings, found):
        if dry_run:
            result = setup.outstanding(found.database, PROJECT_ROOT)
        else:
            result = setup.bring_up_to_date(
                found.database, PROJECT_ROOT, terminal.say, may_parse=not settings.is_production
            )
    if json:
        terminal.emit({"dry_run": dry_run, **setup.described(result)})
    else:
        terminal.show(setup.sentence(result, dry_run=dry_run))


@app.command()
def doctor(json: Json = False) -> None:
    """Say what is configured, reachable and healthy; exit 1 when something is not."""
    with opened() as (_, found):
        findings = examination.examine(found, PROJECT_ROOT)
    if json:
        terminal.emit([finding.as_dict() for finding in findings])
    else:
        rows = [(finding.status, finding.subject, finding.detail) for finding in findings]
        terminal.table(("status", "subject", "detail"), rows)
    sick = [finding.subject for finding in findings if finding.status == "error"]
    if sick:
        raise WorkFailed(f"not healthy: {', '.join(sick)}")


@app.command()
def run(
    slug: Slug,
    day: Annotated[str | None, typer.Option(help="A closed day; default the latest.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="A forced report from here.")] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="Its end; local time or an offset.")
    ] = None,
    deliver: Annotated[bool, typer.Option(help="Send the report whatever its day.")] = False,
    json: Json = False,
) -> None:
    """Make a tenant-day's report, or one on any window, now, in this process."""
    from synkro_assets.commands import run as runs
    from synkro_assets.commands.demo import summary

    chosen = parse_business_day(day) if day else None
    if (start is None) != (end is None) or (day and start):
        raise UsageProblem("give --day, or --from together with --to")
    with migrated() as (settings, found):
        tenant = tenant_config.find_tenant(found, TenantSlug(slug))
        if start and end:
            zone = tenant.config.calendar.zone
            window = Window(parse_instant(start, zone), parse_instant(end, zone))
            done = runs.run_window(settings, found, tenant, window, deliver=deliver)
        else:
            done = runs.run_day(settings, found, tenant, chosen, deliver=deliver)
    if json:
        terminal.emit(summary([done])[0])
    else:
        terminal.show(done.report.summary_text)


@app.command()
def backfill(
    slug: Slug,
    first: Annotated[str, typer.Option("--from", help="The first day, YYYY-MM-DD.")],
    last: Annotated[str, typer.Option("--to", help="The last day, YYYY-MM-DD.")],
    deliver: Annotated[bool, typer.Option(help="Send the reports of these days.")] = False,
    json: Json = False,
) -> None:
    """Make the reports of a range of days; one bad day does not cost the others."""
    from synkro_assets.commands.backfill import run_backfill

    bounds = parse_business_day(first), parse_business_day(last)
    with migrated() as (settings, found):
        tenant = tenant_config.find_tenant(found, TenantSlug(slug))
        done = run_backfill(settings, found, tenant, *bounds, deliver=deliver)
    if json:
        terminal.emit(done.as_dict())
    else:
        rows = [
            (each["day"], each["status"], each["error"] or "") for each in done.as_dict()["days"]
        ]
        terminal.table(("day", "status", "error"), rows)
    if done.failed:
        raise WorkFailed(
            f"{len(done.failed)} of {len(done.days)} days of {slug} failed, the others are done: "
            "mend the cause and run the command for those days again"
        )
    if done.export_error:
        raise WorkFailed(f"the reports are made, but not exported: {done.export_error}")


@app.command()
def simulators(
    port: Annotated[int, typer.Option(help="Where they listen.")] = 8090,
    dialogs: Dialogs = None,
    seed: Annotated[int, typer.Option(help="Another seed makes another world.")] = 1,
) -> None:
    """The providers' simulators alone, until Ctrl-C."""
    from synkro_assets.commands.simulators import serve_simulators

    terminal.say(f"simulators at http://127.0.0.1:{port}/control/ (Ctrl-C stops them)")
    serve_simulators(port, seed, dialogs)


@tenants.command("add")
def tenants_add(
    slug: Slug,
    name: Annotated[str, typer.Option(help="The company's name.")],
    timezone: Annotated[str, typer.Option(help="IANA name, such as Europe/Moscow.")],
    mode: Annotated[str, typer.Option(help="Which sources it has.")] = "amocrm_radist",
    settings: Pairs = None,
    json: Json = False,
) -> None:
    """Create a tenant; settings are those 'tenants show' lists."""
    with migrated() as (_, found):
        tenant = tenant_config.add_tenant(
            found, TenantSlug(slug), name, timezone, mode, settings or []
        )
    _print_tenant(tenant, json)


@tenants.command("set")
def tenants_set(slug: Slug, settings: Pairs = None, json: Json = False) -> None:
    """Change settings of a tenant."""
    with migrated() as (_, found):
        tenant = tenant_config.set_tenant(found, TenantSlug(slug), settings or [])
    _print_tenant(tenant, json)


@tenants.command("show")
def tenants_show(slug: Slug, json: Json = False) -> None:
    """A tenant with all its settings."""
    with migrated() as (_, found):
        tenant = tenant_config.find_tenant(found, TenantSlug(slug))
    _print_tenant(tenant, json)


@tenants.command("list")
def tenants_list(json: Json = False) -> None:
    """Every tenant."""
    with migrated() as (_, found):
        listed = [tenant_config.described(each) for each in tenant_config.list_tenants(found)]
    if json:
        terminal.emit(listed)
    else:
        columns = ("slug", "name", "status", "language")
        rows = [[each[name] for name in columns] + [each["config"]["mode"]] for each in listed]
        terminal.table((*columns, "mode"), rows)


def _print_tenant(tenant: Tenant, json: bool) -> None:
    described = tenant_config.described(tenant)
    if json:
        terminal.emit(described)
    else:
        rows = [*{**described, **described["config"]}.items()]
        terminal.table(("setting", "value"), [row for row in rows if row[0] != "config"])


@integrations.command("set")
def integrations_set(
    slug: Slug,
    kind: str,
    file: Annotated[str, typer.Option(help="A JSON file, or - for standard input.")],
) -> None:
    """Save an integration; secrets are encrypted and never shown again."""
    text = integration_settings.read_file(file)
    with migrated() as (_, found):
        tenant = tenant_config.find_tenant(found, TenantSlug(slug))
        values = integration_settings.parse_integration(text)
        integration_settings.save(found, tenant, kind, values)
    terminal.say(f"saved: check it with 'synkro integrations check {slug} {kind}'")


@integrations.command("remove")
def integrations_remove(slug: Slug, kind: str) -> None:
    """Forget an integration and its secrets."""
    with migrated() as (_, found):
        tenant = tenant_config.find_tenant(found, TenantSlug(slug))
        integration_settings.remove(found, tenant, kind)
    terminal.say(f"the {kind} integration of {slug} is removed")


@integrations.command("show")
def integrations_show(slug: Slug, json: Json = False) -> None:
    """A tenant's integrations, secrets masked."""
    with migrated() as (_, found):
        tenant = tenant_config.find_tenant(found, TenantSlug(slug))
        shown = account_standing.shown(found, tenant)
    if json:
        terminal.emit(shown)
    else:
        rows = [(each["kind"], name, value) for each in shown for name, value in each.items()]
        terminal.table(("kind", "field", "value"), [row for row in rows if row[1] != "kind"])


@integrations.command("connect")
def integrations_connect(
    slug: Slug,
    kind: Annotated[str, typer.Argument(help="amocrm, which asks its owner's consent.")],
    code: Annotated[
        str | None, typer.Option(help="What consent gave, - reads it; none says where.")
    ] = None,
    referer: Annotated[
        str | None, typer.Option(help="The account's host, beside the code.")
    ] = None,
) -> None:
    """Connect an account by its owner's consent; without a code, the address to open."""
    with migrated() as (_, found):
        tenant = tenant_config.find_tenant(found, TenantSlug(slug))
        shown = amocrm_connection.connect_account(found, tenant, kind, code, referer)
    terminal.show(shown)


@integrations.command("check")
def integrations_check(
    slug: Slug,
    kind: Annotated[str | None, typer.Argument()] = None,
    send: Annotated[
        bool | None,
        typer.Option(
            help="Test messages: with --send to every integration, with --no-send to none; else to "
            "Telegram alone, where they cost nothing."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Ask the providers whether the integrations work; exit 1 when one does not."""
    with migrated() as (_, found):
        tenant = tenant_config.find_tenant(found, TenantSlug(slug))
        outcomes = check_integrations(
            found,
            tenant,
            kind,
            may_send=send is not False,
            is_asked_to_send=send is True,
            on_kind=terminal.saying("checking {} …"),
        )
    if json:
        terminal.emit([outcome.as_dict() for outcome in outcomes])
    else:
        rows = [(each.kind, each.status, each.error or each.shown()) for each in outcomes]
        terminal.table(("kind", "status", "detail"), rows)
    broken = [outcome.kind for outcome in outcomes if outcome.status == "error"]
    if broken:
        raise WorkFailed(f"not working: {', '.join(broken)}")


@integrations.command("schema-sql")
def integrations_schema_sql() -> None:
    """The SQL a tenant pastes into the SQL editor of its own Supabase project."""
    terminal.say("Paste this into the SQL editor of the tenant's Supabase project and run it.")
    terminal.say("Again later it only adds what is missing; 'integrations check' says what is.")
    terminal.show(supabase_export.schema_sql(PROJECT_ROOT))


@keys.command("rotate")
def keys_rotate(json: Json = False) -> None:
    """Seal every secret with the newest key, the first of SYNKRO_ENCRYPTION_KEYS.

    Put the new key behind the old one and restart every process; then put it first, restart again
    and run this. It may be run at any time and as often as you like: what is done is skipped.
    Without that variable the keys are the lines of encryption.key in SYNKRO_HOME, newest first.
    """
    with migrated() as (_, found), terminal.counting("sealing secrets") as on_progress:
        account = key_rotation.rotate(found, on_progress)
    if json:
        terminal.emit(account.as_dict())
    else:
        terminal.table(key_rotation.COLUMNS, [[*row.values()] for row in account.rows()])
    for each in account.left:
        terminal.say(str(each.error), style="yellow")
    if account.left:
        raise WorkFailed(account.sentence())
    terminal.say(account.sentence())


@runs.command("list")
def runs_list(
    slug: Slug,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 30,
    json: Json = False,
) -> None:
    """A tenant's runs, newest first: who asked, what for, how it went."""
    with migrated() as (_, found):
        tenant = tenant_config.find_tenant(found, TenantSlug(slug))
        listed = run_reading.listed(found, tenant, limit)
    if json:
        terminal.emit(listed)
    else:
        terminal.table(run_reading.COLUMNS, [run_reading.row(each, tenant) for each in listed])


@runs.command("log")
def runs_log(job_run_id: int, json: Json = False) -> None:
    """One run's step log."""
    with migrated() as (_, found):
        told = run_reading.log(found, job_run_id)
    if json:
        terminal.emit(told)
    else:
        terminal.table(("at (UTC)", "level", "step", "message"), run_reading.log_rows(told))


@runs.command("stop")
def runs_stop(job_run_id: int) -> None:
    """Stop a run and wait until it is gone, or take back a request."""
    with migrated() as (_, found):
        actor = f"{operating_system_user()} (synkro runs stop)"
        row = run_supervision.stop_run(found, job_run_id, actor)
    terminal.say(f"run {job_run_id} is {row['status']}")


@reports.command("list")
def reports_list(
    slug: Slug,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 30,
    json: Json = False,
) -> None:
    """A tenant's reports, newest first."""
    with migrated() as (_, found):
        tenant = tenant_config.find_tenant(found, TenantSlug(slug))
        listed = report_reading.listed(found, tenant, limit)
    if json:
        terminal.emit(listed)
    else:
        columns = ("business_day", "report_type", "status", "report_id")
        terminal.table(columns, [[each[name] for name in columns] for each in listed])


@reports.command("show")
def reports_show(
    slug: Slug,
    day: Annotated[str, typer.Option(help="The business day, YYYY-MM-DD.")],
    json: Json = False,
) -> None:
    """The report of a day, as it was made."""
    chosen = parse_business_day(day)
    with migrated() as (_, found):
        tenant = tenant_config.find_tenant(found, TenantSlug(slug))
        report = report_reading.of_day(found, tenant, chosen)
    if json:
        terminal.emit(report)
    else:
        terminal.show(report["text"])


@users.command("add")
def users_add(
    email: Email,
    role: Annotated[str, typer.Option(help=f"One of {', '.join(people.ROLES)}.")],
    tenant: Annotated[
        str | None, typer.Option(parser=parse_slug, metavar="SLUG", help="Default: all tenants.")
    ] = None,
) -> None:
    """Let a person in; the password is asked for, or read from standard input.

    Somebody who is known keeps the password and gets the role too; in a tenant where they had
    another one it takes its place. Somebody who was disabled gets a new password and this role
    only.
    """
    slug = TenantSlug(tenant) if tenant else None
    with migrated() as (_, found):
        done = people.add_user(found, email, role, slug, terminal.new_password)
    terminal.say(done)


@users.command("list")
def users_list(json: Json = False) -> None:
    """Everybody, with their roles."""
    with migrated() as (_, found):
        listed = people.list_users(found)
    if json:
        terminal.emit(listed)
    else:
        rows = [(each["email"], each["state"], people.roles_in_words(each)) for each in listed]
        terminal.table(("email", "state", "roles"), rows)


@users.command("disable")
def users_disable(email: Email) -> None:
    """Let a person in no more; 'users add' lets them in again."""
    with migrated() as (_, found):
        known = people.disable_user(found, email)
    terminal.say(f"{known} may no longer sign in")


def main() -> None:
    """Run the command line; every failure is one line and an exit code."""
    try:
        app(standalone_mode=False, prog_name="synkro")
    except Abort:
        sys.exit(130)
    except TyperException as problem:
        # Typer carries its own copy of click: the installed click's errors are not these.
        terminal.say(_usage_problem(problem), style="red")
        sys.exit(2)
    except SynkroError as problem:
        if os.environ.get("SYNKRO_DEBUG") == "1":
            raise
        terminal.say(f"synkro: {problem}", style="red")
        sys.exit(2 if isinstance(problem, UsageProblem) else 1)
    except Exception as problem:
        if os.environ.get("SYNKRO_DEBUG") == "1":
            raise
        said = " ".join(f"{type(problem).__name__}: {problem}".split())
        terminal.say(f"synkro: unexpected: {said}; SYNKRO_DEBUG=1 shows where", style="red")
        sys.exit(1)


def _usage_problem(problem: TyperException) -> str:
    """What was typed wrong, on one line; a command without arguments answers with its help."""
    said = problem.format_message()
    context = getattr(problem, "ctx", None)
    command = context.command_path if context is not None else "synkro"
    return said if "\n" in said else f"synkro: {said.rstrip('.')}: see '{command} --help'"
