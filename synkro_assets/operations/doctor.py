"""Saying what is configured, reachable and healthy.

What lives here: the examination and its findings. How findings are printed is the command line's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from synkro_assets.domain.errors import SynkroError
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.account_standing import current_alerts, stopped_accounts
from synkro_assets.operations.integration_settings import stored
from synkro_assets.operations.key_rotation import Account, survey
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.setup import outstanding
from synkro_assets.storage.connection_urls import described
from synkro_assets.storage.integration_log_proof import prove_integration_logs
from synkro_assets.storage.sealed_secrets import Outcome
from synkro_assets.storage.tenants import all_tenants


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``status`` is ``ok``, ``warning`` or ``error``."""

    subject: str
    status: str
    detail: str

    def as_dict(self) -> dict[str, str]:
        return {"subject": self.subject, "status": self.status, "detail": self.detail}


def examine(platform: Platform, project_root: Path) -> list[Finding]:
    """Look at the database, its schema and every tenant's integrations."""
    findings = list(_platform_findings(platform, project_root))
    if any(finding.status == "error" for finding in findings):
        return findings
    with platform.database.console_transaction() as connection:
        tenants = all_tenants(connection)
    if not tenants:
        findings.append(Finding("tenants", "warning", "there are none: synkro tenants add"))
    account = survey(platform)
    findings.append(_sealing(account))
    for tenant in tenants:
        unreadable = {each.kind: each.error for each in account.left if each.tenant == tenant.slug}
        findings.extend(_tenant_findings(platform, tenant, unreadable))
        findings.extend(_alert_findings(platform, tenant))
    return findings


def _platform_findings(platform: Platform, project_root: Path) -> Iterator[Finding]:
    yield _looked_at(
        "database",
        lambda: (
            f"PostgreSQL {platform.database.server_version()} at {described(platform.database.url)}"
        ),
    )
    yield _looked_at("schema", lambda: _schema(platform, project_root))
    yield _looked_at("integration logs", lambda: prove_integration_logs(platform.database))


def _schema(platform: Platform, project_root: Path) -> str:
    left = outstanding(platform.database, project_root)
    if left.migrations or left.transforms_built:
        raise SynkroError(
            f"{len(left.migrations)} migrations pending, transforms "
            f"{'to be built' if left.transforms_built else 'built'}: run 'synkro migrate'"
        )
    return "up to date"


def _sealing(account: Account) -> Finding:
    total, older = len(account.verdicts), account.count(Outcome.OLDER)
    if account.left:
        detail = f"{len(account.left)} of {total} open with no key of {account.origin}"
        return Finding("secrets", "error", detail)
    if older:
        detail = f"{older} of {total} are sealed with an older key: run 'synkro keys rotate'"
        return Finding("secrets", "warning", detail)
    return Finding("secrets", "ok", f"{total}, sealed with the newest key of {account.origin}")


def _tenant_findings(
    platform: Platform, tenant: Tenant, unreadable: Mapping[str, str | None]
) -> Iterator[Finding]:
    subject = f"tenant {tenant.slug}"
    integrations = stored(platform, tenant)
    mode = tenant.config.mode
    needed = {"amocrm": mode.reads_amocrm, "radist": mode.reads_radist, "telegram": True}
    missing = [kind for kind, is_needed in needed.items() if is_needed and kind not in integrations]
    if missing:
        yield Finding(subject, "error", f"mode {mode} needs {', '.join(missing)}")
    else:
        yield Finding(subject, "ok", f"mode {mode}, {tenant.config.timezone}")
    stopped = stopped_accounts(platform, tenant)
    now = platform.clock.now()
    for kind, each in integrations.items():
        error = unreadable.get(kind)
        if error is None and kind in stopped:
            error = stopped[kind].sentence(tenant.slug, kind, now)
        status = "error" if error else {"ok": "ok", "error": "error"}.get(each.status, "warning")
        detail = error or each.last_error or each.status
        yield Finding(f"{subject}: {kind}", status, detail)


def _alert_findings(platform: Platform, tenant: Tenant) -> Iterator[Finding]:
    for alert in current_alerts(platform, tenant):
        told = f"raised on {alert.alert_day}, told nobody: {alert.last_error or 'not sent yet'}"
        if alert.sent_at:
            told = f"told at {alert.sent_at:%Y-%m-%d %H:%M} UTC"
        subject = f"tenant {tenant.slug}: alert {alert.subject}"
        yield Finding(subject, "warning", f"{alert.text} ({told})")


def _looked_at(subject: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, "ok", look())
    except SynkroError as problem:
        return Finding(subject, "error", str(problem))
