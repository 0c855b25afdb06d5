"""A full sync by amochka's own ETL: ``amochka_sync.py ORDER`` (JSON).

What lives here: its documented program with its limits raised: the account's seven requests a
second and the five of its parallel reading of contacts. Three things are changed for it: the check
that an address is amoCRM's, which no simulator passes; two unique indexes that its statements
conflict on and its migrations do not make; and the contacts of the leads, all of which it asks for
in one address, longer than amoCRM takes, are asked for in batches. What it needs of the simulator
(ids of 32 bits) is said in ``benchmarks/sync_rate.py``.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from amochka import AmoCRMClient
from cost import tell
from etl import run_etl

Row = dict[str, object]
_IDS_OF_AN_ADDRESS = 250
_INDEXES = (
    "create unique index on amocrm_leads_attributes (account_id, leads_id, attribute_id)",
    "create unique index on amocrm_leads_tags (account_id, leads_id, tag_id)",
)


def in_batches(iter_contacts: Callable[..., Iterator[Row]]) -> Callable[..., Iterator[Row]]:
    """Its reading of contacts by their ids, as many in one address as there are rows in a page."""

    def batched(
        extractor: object, contact_ids: Sequence[int] | None = None, **period: object
    ) -> Iterator[Row]:
        if contact_ids is None:
            yield from iter_contacts(extractor, **period)
            return
        for first in range(0, len(contact_ids), _IDS_OF_AN_ADDRESS):
            batch = contact_ids[first : first + _IDS_OF_AN_ADDRESS]
            yield from iter_contacts(extractor, contact_ids=batch, **period)

    return batched


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
    run_etl.AmoCRMExtractor.iter_contacts = in_batches(run_etl.AmoCRMExtractor.iter_contacts)
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
