"""Tenants and their runtime configuration: ``app.tenants``, ``app.tenant_runtime_configs``.

What lives here: reading and writing both. Turning a person's text into values is
``operations/tenant_config.py``.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from synkro_assets.domain.errors import UnknownTenant, UsageProblem
from synkro_assets.domain.tenant import Mode, RuntimeConfig, Tenant, TenantSlug
from synkro_assets.storage.database import Connection, scalar

_CONFIG_COLUMNS = tuple(field.name for field in fields(RuntimeConfig))

_SELECT = sql.SQL(
    "select tenant.tenant_id, tenant.slug, tenant.name, tenant.status, "
    "tenant.timezone as tenant_timezone, tenant.language, tenant.default_region, {columns} "
    "from app.tenants as tenant join app.tenant_runtime_configs as config using (tenant_id)"
).format(
    columns=sql.SQL(", ").join(
        sql.SQL("config.{}").format(sql.Identifier(name)) for name in _CONFIG_COLUMNS
    )
)


def create_tenant(
    connection: Connection, slug: TenantSlug, tenant: dict[str, Any], config: dict[str, Any]
) -> UUID:
    """A new tenant with its configuration; unnamed values take the database's defaults."""
    try:
        tenant_id: UUID = scalar(
            connection.execute(
                _insert("tenants", {"slug": slug, **tenant}, returning="tenant_id"),
                [slug, *tenant.values()],
            ).fetchone()
        )
        values = {"tenant_id": tenant_id, **_adapted(config)}
        connection.execute(
            _insert("tenant_runtime_configs", values, returning="tenant_id"), [*values.values()]
        )
    except psycopg.errors.UniqueViolation:
        raise UsageProblem(f"tenant {slug} is there already: change it with tenants set") from None
    except psycopg.errors.CheckViolation as problem:
        raise _broken_rule(problem) from None
    return tenant_id


def update_tenant(
    connection: Connection, tenant_id: UUID, tenant: dict[str, Any], config: dict[str, Any]
) -> None:
    """Change what is named; any change of the configuration raises its version by one."""
    try:
        if tenant:
            connection.execute(_update("tenants", tenant), [*tenant.values(), tenant_id])
        if config:
            values = _adapted(config)
            connection.execute(
                _update("tenant_runtime_configs", values), [*values.values(), tenant_id]
            )
            connection.execute(
                "update app.tenant_runtime_configs set config_version = config_version + 1 "
                "where tenant_id = %s",
                [tenant_id],
            )
    except psycopg.errors.CheckViolation as problem:
        raise _broken_rule(problem) from None


def tenant_by_slug(connection: Connection, slug: TenantSlug) -> Tenant:
    """The tenant of a slug; raises UnknownTenant."""
    row = connection.execute(
        sql.SQL("{} where tenant.slug = %s").format(_SELECT), [slug]
    ).fetchone()
    if row is None:
        raise UnknownTenant(f"unknown tenant {slug!r}: 'synkro tenants list' shows those there are")
    return _tenant(row)


def all_tenants(connection: Connection) -> list[Tenant]:
    """Every tenant, by slug."""
    rows = connection.execute(sql.SQL("{} order by tenant.slug").format(_SELECT))
    return [_tenant(row) for row in rows]


def _tenant(row: dict[str, Any]) -> Tenant:
    config = {name: row[name] for name in _CONFIG_COLUMNS} | {"mode": Mode(row["mode"])}
    return Tenant(
        tenant_id=row["tenant_id"],
        slug=TenantSlug(row["slug"]),
        name=row["name"],
        status=row["status"],
        timezone=row["tenant_timezone"],
        language=row["language"],
        default_region=row["default_region"],
        config=RuntimeConfig(**config),
    )


def _adapted(values: dict[str, Any]) -> dict[str, Any]:
    return {
        key: Jsonb(value) if isinstance(value, dict) else value for key, value in values.items()
    }


def _insert(table: str, values: dict[str, Any], returning: str) -> sql.Composed:
    return sql.SQL("insert into app.{} ({}) values ({}) returning {}").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(sql.Placeholder() * len(values)),
        sql.Identifier(returning),
    )


def _update(table: str, values: dict[str, Any]) -> sql.Composed:
    return sql.SQL("update app.{} set {} where tenant_id = %s").format(
        sql.Identifier(table),
        sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in values),
    )


def _broken_rule(problem: psycopg.errors.CheckViolation) -> UsageProblem:
    rule = (problem.diag.constraint_name or "").replace("_", " ")
    return UsageProblem(f"the value breaks the rule '{rule}': nothing was changed")
