"""The models of a parsed project, in the order they build on each other."""

import json
from pathlib import Path
from typing import Any

from synkro_assets.storage.transform_models import models_of


def test_views_come_after_the_views_they_select_from(tmp_path: Path) -> None:
    def node(kind: str, *parents: str) -> dict[str, Any]:
        config, needs = {"materialized": kind}, {"nodes": list(parents)}
        return {"resource_type": "model", "config": config, "depends_on": needs, "kind": kind}

    nodes = {"c": node("view", "b"), "b": node("view", "a", "t"), "a": node("view")}
    manifest = {"nodes": nodes | {"t": node("incremental")}}

    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest))

    assert models_of(path, "view") == [nodes["a"], nodes["b"], nodes["c"]]
