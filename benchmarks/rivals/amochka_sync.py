"""A full sync by amochka's own ETL: ``amochka_sync.py ORDER`` (JSON).

What lives here: its documented program with its limit raised. Two things are changed for it: the
check that an address is amoCRM's, which no simulator passes, and the width of its tables' ids,
which cannot hold those of today's leads.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from amochka import AmoCRMClient
from etl import run_etl


def main(order: dict[str, str]) -> None:
    """Run the ETL and print its seconds, tables made beforehand."""
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
    loader = run_etl.PostgresLoader(configured(None).database)
    run_etl.run_migrations(loader, Path(run_etl.__file__).parent / "migrations")
    with loader.connection() as connection:
        _widen_ids(connection)
        connection.commit()
    entities = "leads,contacts,events,users,pipelines"
    sys.argv = ["run_etl", "--full", "--entities", entities, "--log-level", "WARNING"]
    started = time.perf_counter()
    run_etl.main()
    print(json.dumps({"seconds": time.perf_counter() - started}))


def _widen_ids(connection: Any) -> None:
    for (name,) in connection.execute(
        "select table_name from information_schema.views where table_schema = 'amochka'"
    ).fetchall():
        connection.execute(f'drop view if exists amochka."{name}" cascade')
    for table, column in connection.execute(
        "select table_name, column_name from information_schema.columns "
        "where table_schema = 'amochka' and data_type = 'integer' and column_name like '%\\_id'"
    ).fetchall():
        connection.execute(f'alter table amochka."{table}" alter column "{column}" type bigint')


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
