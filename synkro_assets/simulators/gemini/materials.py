"""What a prompt is about: the ids, titles and texts in the JSON it carries.

Lives here: finding JSON objects in prompt text and collecting what can be cited. Not here: writing
about it (``sentences``, ``schema_answer``).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

LABELS = ("title", "name", "label", "text", "subject", "topic")
_DECODER = json.JSONDecoder()


@dataclass
class Materials:
    """Ids by kind (fact, dialog, manager, message, …), each with a label of its own."""

    text: str
    language: str = "ru"
    ids: dict[str, dict[str, str]] = field(default_factory=dict)
    objects: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def of(self, kind: str) -> list[str]:
        """The ids of one kind, in the prompt's order."""
        return list(self.ids.get(kind, {}))

    def details(self, kind: str, identifier: str) -> dict[str, Any]:
        """The object that first carried the id as its own."""
        return self.objects.get((kind, identifier), {})

    def label(self, kind: str, identifier: str) -> str:
        """What the prompt calls it; empty when it has no name."""
        return self.ids.get(kind, {}).get(identifier, "")


def texts_of(request: dict[str, Any]) -> Iterator[str]:
    """Every text part of the request, system instruction first."""
    system = request.get("systemInstruction") or {}
    contents = request.get("contents") or []
    for content in [system, *(contents if isinstance(contents, list) else [contents])]:
        if isinstance(content, str):
            yield content
            continue
        parts = content.get("parts") or []
        for part in parts if isinstance(parts, list) else [parts]:
            if isinstance(part, dict) and isinstance(part.get("text"), str):
                yield part["text"]


def objects_in(text: str) -> Iterator[Any]:
    """Every outermost JSON object or list of objects in the text."""
    position = 0
    for match in re.finditer(r"[\[{]", text):
        if match.start() < position:
            continue
        try:
            found, end = _DECODER.raw_decode(text, match.start())
        except ValueError:
            continue
        position = end
        yield found


def _collect(value: Any, materials: Materials) -> None:
    if isinstance(value, list):
        for item in value:
            _collect(item, materials)
    elif isinstance(value, dict):
        if value.get("language") in ("ru", "en"):
            materials.language = value["language"]
        label = next((str(value[k]) for k in LABELS if isinstance(value.get(k), str)), "")
        for key, item in value.items():
            if key.endswith("_id") and isinstance(item, str | int) and not isinstance(item, bool):
                known = materials.ids.setdefault(key.removesuffix("_id"), {})
                if not known.get(str(item)):
                    known[str(item)] = label
                own = next(name for name in value if name.endswith("_id"))
                if key == own:
                    materials.objects.setdefault((key.removesuffix("_id"), str(item)), value)
            else:
                _collect(item, materials)


def materials_of(request: dict[str, Any]) -> Materials:
    """What the request gives to write about."""
    texts = list(texts_of(request))
    materials = Materials("\n".join(texts))
    for text in texts:
        for found in objects_in(text):
            _collect(found, materials)
    return materials
