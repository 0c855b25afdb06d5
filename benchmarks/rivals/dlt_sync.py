"""A full sync by a dlt REST source: ``dlt_sync.py ORDER`` (JSON).

What lives here: the pipeline as dlt's documentation writes one, following amoCRM's next links.
"""

import json
import sys
from typing import Any

import dlt
from cost import tell
from dlt.destinations import postgres
from dlt.sources.rest_api import rest_api_source

_WITH = {"leads": "contacts,loss_reason", "contacts": "leads", "users": "role,group"}
_PATHS = {"pipelines": "leads/pipelines"}


def main(order: dict[str, str]) -> None:
    """Run the pipeline and print its cost."""
    address = "postgresql://{user}:{password}@{host}:{port}/{database}".format(**order)
    source = rest_api_source(
        {
            "client": {
                "base_url": f"{order['base_url']}/api/v4/",
                "auth": {"type": "bearer", "token": order["token"]},
                "paginator": {"type": "json_link", "next_url_path": "_links.next.href"},
            },
            "resources": [
                _resource(name) for name in ("leads", "contacts", "events", "users", "pipelines")
            ],
        }
    )
    pipeline = dlt.pipeline(
        "comparison",
        pipelines_dir=order["folder"],
        destination=postgres(address),
        dataset_name="dlt_rows",
    )
    tell(lambda: pipeline.run(source))


def _resource(name: str) -> Any:
    params: dict[str, Any] = {"limit": 100 if name == "events" else 250}
    if name in _WITH:
        params["with"] = _WITH[name]
    return {
        "name": name,
        "primary_key": "id",
        "write_disposition": "replace",
        "endpoint": {
            "path": _PATHS.get(name, name),
            "params": params,
            "data_selector": f"_embedded.{name}",
            # An empty list is 204 without a body.
            "response_actions": [{"status_code": 204, "action": "ignore"}],
        },
    }


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
