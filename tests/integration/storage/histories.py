"""Reading days of a ``company.py`` and asking what is held of them.

What lives here: loading a day as a run does, and the transforms' own answers as of a day's end.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import partial
from typing import Any

import jinja2

from synkro_assets.domain.business_day import Window
from synkro_assets.domain.tenant import Tenant
from synkro_assets.ingestion.amocrm import fetch_day, raw_rows
from synkro_assets.settings import PROJECT_ROOT
from synkro_assets.storage.database import Database
from synkro_assets.storage.lead_links import linked_before
from synkro_assets.storage.raw_rows import RAW_TABLES, Load, ensure_month, load_rows
from tests.databases import as_owner
from tests.integration.storage.company import START, Company

Answer = dict[str, Any]
HISTORY = ("amocrm_leads", "amocrm_contacts", "amocrm_contact_channels", "amocrm_contact_sightings")


def window(day: int) -> Window:
    return Window(START + timedelta(days=day), START + timedelta(days=day + 1))


def read_day(database: Database, tenant: Tenant, company: Company, day: int) -> None:
    """Read and load a day; no two reads of a tenant begin at the same instant."""
    company.now += timedelta(milliseconds=1)
    linked = partial(linked_before, database, tenant.tenant_id)
    rows = raw_rows(fetch_day(company, window(day), linked_before=linked), "RU")
    load = Load(tenant.tenant_id, date(2026, 3, 3 + day), company.now, "run")
    with database.tenant_transaction(tenant.tenant_id) as connection:
        ensure_month(connection, load.business_day)
        for name, table in RAW_TABLES.items():
            if name in rows:
                load_rows(connection, table, load, rows[name])


def _macros() -> Any:
    source = (PROJECT_ROOT / "dbt_project/macros/as_of.sql").read_text()
    environment = jinja2.Environment(autoescape=False)
    return environment.from_string(source, {"ref": lambda name: f"staging.{name}"}).module


MACROS = _macros()


def leads_as_of(database: Database, tenant: Tenant, day: int) -> dict[int, Answer]:
    """Each lead as the transforms show it at a day's end, in the transforms' own words."""
    return _as_of(database, tenant, day, (1, 2), MACROS.lead_as_of, MACROS.lead_deleted_as_of)


def contacts_as_of(database: Database, tenant: Tenant, day: int) -> dict[int, Answer]:
    """Each contact and its phones, likewise."""
    macros = (MACROS.contact_as_of, MACROS.contact_deleted_as_of)
    found = _as_of(database, tenant, day, (7, 8), *macros)
    with as_owner(database) as connection:
        for contact_id, contact in found.items():
            rows = connection.execute(
                "select phone_e164 from staging.stg_amocrm__contact_phones where tenant_id = %s "
                "and amocrm_contact_id = %s and contact_updated_at = %s and fetched_at = %s",
                [tenant.tenant_id, contact_id, contact["updated_at"], contact.pop("fetched_at")],
            )
            contact["phones"] = sorted(row["phone_e164"] for row in rows)
    return found


def _as_of(
    database: Database, tenant: Tenant, day: int, ids: Iterable[int], shown: Any, is_deleted: Any
) -> dict[int, Answer]:
    at, key = f"'{window(day).end.isoformat()}'::timestamptz", f"'{tenant.tenant_id}'::uuid"
    query = (
        "select shown.*, {deleted} as is_deleted "
        "from (values (1)) as one (one) left join ({shown}) as shown on true"
    )
    with as_owner(database) as connection:
        return {
            each: dict(
                connection.execute(
                    query.format(deleted=is_deleted(key, each, at), shown=shown(key, each, at))
                ).fetchone()
                or {}
            )
            for each in ids
        }


def stored_history(database: Database, tenant: Tenant) -> set[tuple[Any, ...]]:
    """Every row of the tables that keep what was ever seen, without when it was seen."""
    with as_owner(database) as connection:
        return {
            (name, row["kept"])
            for name in HISTORY
            for row in connection.execute(
                f"select (to_jsonb(kept) - 'fetched_at')::text as kept from raw.{name} as kept "
                "where tenant_id = %s",
                [tenant.tenant_id],
            )
        }


def forget_history(database: Database) -> None:
    with as_owner(database) as connection:
        for name in (*HISTORY, "amocrm_events", "amocrm_lead_contacts"):
            connection.execute(f"delete from raw.{name}")
