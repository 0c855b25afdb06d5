"""A full sync by amochka's own ETL: ``amochka_sync.py ORDER`` (JSON).

What lives here: its documented program with its limits raised: the account's seven requests a
second and the five of its parallel reading of contacts. Two things are changed for it: the check
that an address is amoCRM's, which no simulator passes, and two unique indexes that its statements
conflict on and its migrations do not make. What it needs of the simulator (ids of 32 bits,
addresses without a limit) is said in ``benchmarks/sync_rate.py``.
"""

import json
import os
import sys
from functools import partial
from pathlib import Path

from amochka import AmoCRMClient
from cost import tell
from etl import run_etl

_INDEXES = (
    "create unique index on amocrm_leads_attributes (account_id, leads_id, attribute_id)",
    "create unique index on amocrm_leads_tags (account_id, leads_id, tag_id)",
)


def main(order: dict[str, str]) -> None:
    """Run the ETL and print its cost, tables made beforehand."""
    AmoCRMClient._validate_base_url = staticmethod(lambda address: address)
    folder = Path(order["folder"])
    token = folder / "token.json"
    token.write_text(json.dumps({"access_token": order["token"], "expires_at": "2999-01-01"}))
    os.environ.update(
        {f"ETL_DB_{name.upper()}": order[name] for name in ("host", "port", "user", "password")}
    )
    os.environ.update(
        ETL_DB_NAME=order["database"],
        ETL_DB_SCHEMA="amochka",
        AMO_ACCOUNT_1_ID="1",
        AMO_ACCOUNT_1_MYBI_ACCOUNT_ID="1",
        AMO_ACCOUNT_1_URL=order["base_url"],
        AMO_ACCOUNT_1_TOKEN_PATH=str(token),
        AMO_ACCOUNT_1_CACHE_DIR=str(folder),
    )
    configured = run_etl.get_config

    def unlimited(path: Path | None) -> object:
        config = configured(path)
        for account in config.accounts:
            account.rate_limit = 100_000
        return config

    run_etl.get_config = unlimited
    run_etl.sync_contacts = partial(run_etl.sync_contacts, contacts_global_rps_limit=100_000)
    loader = run_etl.PostgresLoader(configured(None).database)
    run_etl.run_migrations(loader, Path(run_etl.__file__).parent / "migrations")
    with loader.connection() as connection:
        for index in _INDEXES:
            connection.execute(index)
        connection.commit()
    entities = "leads,contacts,events,users,pipelines"
    sys.argv = ["run_etl", "--full", "--entities", entities, "--log-level", "WARNING"]
    tell(run_etl.main)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
