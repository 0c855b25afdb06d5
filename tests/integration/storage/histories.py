"""Reading days of a ``company.py`` and asking what is held of them.

What lives here: loading a day as a run does, and the transforms' own answers as of a day's end.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any

import jinja2
import psycopg
from psycopg.rows import DictRow

from synkro_assets.domain.business_day import Window
from synkro_assets.domain.tenant import Tenant
from synkro_assets.ingestion.amocrm import fetch_day, raw_rows
from synkro_assets.settings import PROJECT_ROOT
from synkro_assets.storage.database import Database
from synkro_assets.storage.lead_links import linked_before
from synkro_assets.storage.raw_loading import load_rows
from synkro_assets.storage.raw_rows import RAW_TABLES, Load, ensure_month
from tests.integration.storage.company import START, Company

Answer = dict[str, Any]
Owner = psycopg.Connection[DictRow]
"""Whom no wall stops (``tests/databases.py``)."""
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
            if rows.get(name) or name == "amocrm_events":
                load_rows(connection, table, load, rows[name])


def _macros() -> Any:
    source = (PROJECT_ROOT / "dbt_project/macros/as_of.sql").read_text()
    environment = jinja2.Environment(autoescape=False)
    return environment.from_string(source, {"ref": lambda name: f"staging.{name}"}).module


MACROS = _macros()


def leads_as_of(connection: Owner, tenant: Tenant, day: int) -> dict[int, Answer]:
    """Each lead as the transforms show it at a day's end, in the transforms' own words."""
    return _as_of(connection, tenant, day, (1, 2), MACROS.lead_as_of, MACROS.lead_deleted_as_of)


def contacts_as_of(connection: Owner, tenant: Tenant, day: int) -> dict[int, Answer]:
    """Each contact and its phones, likewise."""
    macros = (MACROS.contact_as_of, MACROS.contact_deleted_as_of)
    found = _as_of(connection, tenant, day, (7, 8), *macros)
    for contact_id, contact in found.items():
        rows = connection.execute(
            "select phone_e164 from staging.stg_amocrm__contact_phones where tenant_id = %s "
            "and amocrm_contact_id = %s and contact_updated_at = %s and fetched_at = %s",
            [tenant.tenant_id, contact_id, contact["updated_at"], contact.pop("fetched_at")],
        )
        contact["phones"] = sorted(row["phone_e164"] for row in rows)
    return found


def _as_of(
    connection: Owner, tenant: Tenant, day: int, ids: tuple[int, int], shown: Any, is_deleted: Any
) -> dict[int, Answer]:
    at, key = f"'{window(day).end.isoformat()}'::timestamptz", f"'{tenant.tenant_id}'::uuid"
    query = (
        "select ids.id, shown.*, {deleted} as is_deleted "
        "from unnest(%s::bigint[]) as ids (id) left join lateral ({shown}) as shown on true"
    ).format(deleted=is_deleted(key, "ids.id", at), shown=shown(key, "ids.id", at))
    return {row.pop("id"): row for row in connection.execute(query.encode(), [list(ids)])}


def stored_history(connection: Owner, tenant: Tenant) -> set[tuple[Any, ...]]:
    """Every row of the tables that keep what was ever seen, without when it was seen."""
    query = " union all ".join(
        f"select '{name}' as kept_in, (to_jsonb(kept) - 'fetched_at')::text as kept "
        f"from raw.{name} as kept where tenant_id = %(tenant)s"
        for name in HISTORY
    )
    rows = connection.execute(query.encode(), {"tenant": tenant.tenant_id})
    return {(row["kept_in"], row["kept"]) for row in rows}


def forget_history(connection: Owner) -> None:
    tables = (*HISTORY, "amocrm_events", "amocrm_lead_contacts")
    for name in tables:
        connection.execute(f"delete from raw.{name}".encode())
