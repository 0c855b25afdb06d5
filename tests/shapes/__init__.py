"""The providers' answers as their documentation describes them, as data.

What lives here: JSON Schema documents, one per answer (``<provider>/<answer>.json``, built from
``<provider>/parts``), hand-written answers that use every optionality the documentation names
(``samples``), and checking an answer against its shape. What does not: the tests that hold the
simulators (``tests/integration/simulators/test_shapes``) and the clients
(``tests/integration/providers``) to them.

An answer is ``{"status", "content_type", "body"}``; ``body`` is the parsed JSON, the text of what
is not JSON, or null when there is none. Unknown fields are allowed everywhere. The descriptions
name the source and how sure it is:

* [D] official documentation, [S] an official library's source;
* [T] third parties only;
* [A] assumed, no source known.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

FOLDER = Path(__file__).parent
SAMPLES = FOLDER / "samples"
BASE = "https://shapes.synkro.test/"

Answer = dict[str, Any]


@cache
def schemas() -> dict[str, dict[str, Any]]:
    """Every schema by its name below this folder, without ``.json``."""
    files = sorted(path for path in FOLDER.rglob("*.json") if SAMPLES not in path.parents)
    return {
        path.relative_to(FOLDER).with_suffix("").as_posix(): json.loads(path.read_text("utf-8"))
        for path in files
    }


def answers() -> list[str]:
    """The names of the schemas that describe a whole answer."""
    return [name for name in schemas() if "/parts/" not in name]


def samples() -> list[str]:
    """The names of all samples."""
    return sorted(
        p.relative_to(SAMPLES).with_suffix("").as_posix() for p in SAMPLES.rglob("*.json")
    )


def sample(name: str, origin: str = "https://acme.amocrm.ru") -> dict[str, Any]:
    """A sample: an answer, the name of its shape (``shape``) and what it shows (``shows``).

    ``{origin}`` in it stands for the address of whoever serves it.
    """
    text = (SAMPLES / f"{name}.json").read_text("utf-8")
    document: dict[str, Any] = json.loads(text.replace("{origin}", origin))
    return document


def answer_of(response: httpx.Response) -> Answer:
    """What came over HTTP in the form the schemas speak of."""
    content_type = response.headers.get("content-type")
    body: Any = response.text or None
    if body is not None and "json" in (content_type or ""):
        body = response.json()
    return {"status": response.status_code, "content_type": content_type, "body": body}


def problems(name: str, answer: Answer) -> list[str]:
    """What of the answer does not keep to the shape; empty when all of it does."""
    errors = _validator(name).iter_errors(answer)
    return [f"{error.json_path}: {error.message[:200]}" for error in errors]


@cache
def _validator(name: str) -> Draft202012Validator:
    registry: Registry[Any] = Registry().with_resources(
        (f"{BASE}{each}.json", Resource.from_contents(schema, DRAFT202012))
        for each, schema in schemas().items()
    )
    return Draft202012Validator({"$ref": f"{BASE}{name}.json"}, registry=registry)
