"""A JSON value that fits the response schema and says something about the prompt.

Lives here: walking the schema (OpenAPI subset or JSON Schema), ids from the prompt, sentences.
Not here: the wording (``sentences``) and misbehaviour on purpose (``generation``).
"""

import re
from dataclasses import dataclass
from typing import Any

from synkro_assets.simulators.world.seeds import number

from . import insights
from .materials import Materials
from .sentences import HEADLINE, note, pick, quote

QUOTES = frozenset({"quote", "evidence", "excerpt"})
HEADLINES = frozenset({"headline", "title", "subject"})
DEFAULT_ITEMS, MAX_CITED = 2, 3


@dataclass(frozen=True)
class Focus:
    """What the object being written is about."""

    facts: list[str]
    dialogs: list[str]
    managers: list[str]
    message: str | None

    def ids(self, kind: str) -> list[str] | None:
        """The ids in focus of a kind, ``None`` for kinds that have no focus."""
        if kind == "message":
            return [self.message] if self.message else []
        return {"fact": self.facts, "dialog": self.dialogs, "manager": self.managers}.get(kind)


def _window(ids: list[str], index: int, size: int) -> list[str]:
    if not ids:
        return []
    return list(dict.fromkeys(ids[(index * size + step) % len(ids)] for step in range(size)))


class SchemaAnswer:
    """Writes one answer; the same request gets the same one."""

    def __init__(self, materials: Materials, schema: dict[str, Any]) -> None:
        self.materials, self.root = materials, schema
        self.salt = str(number(materials.text, below=2**53))

    def value(self) -> Any:
        """The whole answer."""
        return self._any(self.root, "answer", "", self._focus(0))

    def _focus(self, index: int) -> Focus:
        messages = [m for m in self.materials.of("message") if self.materials.label("message", m)]
        return Focus(
            facts=_window(self.materials.of("fact"), index, 2),
            dialogs=_window(self.materials.of("dialog"), index, 1),
            managers=_window(self.materials.of("manager"), index, 1),
            message=messages[index % len(messages)] if messages else None,
        )

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        for _ in range(20):
            if "$ref" in schema:
                target: Any = self.root
                for part in schema["$ref"].lstrip("#/").split("/"):
                    target = target.get(part, {})
                schema = target
            elif schema.get("anyOf") or schema.get("oneOf"):
                options = schema.get("anyOf") or schema["oneOf"]
                schema = next((o for o in options if _type(o) != "null"), options[0])
            elif len(schema.get("allOf") or []) == 1:
                schema = schema["allOf"][0]
            else:
                break
        return schema

    def _any(self, schema: dict[str, Any], name: str, path: str, focus: Focus) -> Any:
        schema = self._resolved(schema)
        salt = f"{self.salt}{path}"
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            options = [option for option in schema["enum"] if option is not None]
            return options[number(salt, below=len(options))] if options else None
        kind = _type(schema)
        if kind == "object":
            return self._object(schema, path, focus)
        if kind == "array":
            return self._array(schema, name, path, focus)
        if kind in ("integer", "number"):
            return _number(schema, kind, salt)
        if kind == "boolean":
            return number(salt, below=2) == 1
        if kind == "null":
            return None
        return self._string(schema, name, path, focus)

    def _object(self, schema: dict[str, Any], path: str, focus: Focus) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        return {
            name: self._any(inner, name, f"{path}.{name}", focus)
            for name, inner in properties.items()
        }

    def _array(self, schema: dict[str, Any], name: str, path: str, focus: Focus) -> list[Any]:
        items = self._resolved(schema.get("items") or {"type": "string"})
        low = int(schema.get("minItems") or 0)
        high = int(schema.get("maxItems") or max(low, 50))
        if _type(items) == "string" and not items.get("enum") and name.endswith("_ids"):
            known = self.materials.of(name.removesuffix("_ids"))
            cited = focus.ids(name.removesuffix("_ids"))
            chosen = (known[:MAX_CITED] if cited is None else cited)[:high]
            extra = [identifier for identifier in known if identifier not in chosen]
            return chosen + extra[: max(0, low - len(chosen))]
        wanted = self._count(items)
        if name in ("observations", "actions"):
            wanted = len(self._conclusions(name)) or wanted
        count = min(max(wanted, low), high)
        return [
            self._any(items, name, f"{path}[{index}]", self._focus(index)) for index in range(count)
        ]

    def _count(self, items: dict[str, Any]) -> int:
        """How many items to write: one per manager or dialog when they are about those."""
        inner = items.get("properties") or {}
        for kind in ("manager", "dialog", "message"):
            if f"{kind}_id" in inner:
                most = 10 if kind == "manager" else MAX_CITED
                return min(len(self.materials.of(kind)), most)
        if "fact_ids" in inner and not self.materials.of("fact"):
            return 0
        return DEFAULT_ITEMS

    def _string(self, schema: dict[str, Any], name: str, path: str, focus: Focus) -> str | None:
        salt = f"{self.salt}{path}"
        if name.endswith("_id"):
            kind = name.removesuffix("_id")
            cited = focus.ids(kind) or self.materials.of(kind)
            return cited[0] if cited else (None if _is_nullable(schema) else "")
        if name in QUOTES:
            said = self._said_in(focus.dialogs)
            if said is None and focus.message:
                said = self.materials.label("message", focus.message)
            return quote(said) if said else ""
        if name == "language":
            return self.materials.language
        if name in HEADLINES:
            plain = pick(HEADLINE[self.materials.language], salt)
            return self._fitted(schema, [insights.headline(self.materials) or plain, plain])
        if written := self._of_a_day(path):
            return self._fitted(schema, [written])
        whole = note(self.materials, focus.facts, focus.dialogs, focus.managers, salt)
        brief = note(self.materials, focus.facts[:1], [], [], salt)
        return self._fitted(schema, [whole, brief, note(self.materials, [], [], [], salt)])

    def _said_in(self, dialogs: list[str]) -> str | None:
        """The last message of the dialog in focus, if the prompt holds its messages."""
        for identifier in dialogs:
            rows = self.materials.details("dialog", identifier).get("messages")
            texts = [r.get("text") for r in rows or [] if isinstance(r, dict)]
            said = [text for text in texts if isinstance(text, str) and text.strip()]
            if said:
                return said[-1]
        return None

    def _of_a_day(self, path: str) -> str | None:
        """What belongs at an item of a day's observations or actions, if the path is one."""
        place = re.search(r"\.(observations|actions)\[(\d+)\]", path)
        if place is None:
            return None
        written = self._conclusions(place[1])
        return written[int(place[2])] if int(place[2]) < len(written) else None

    def _conclusions(self, name: str) -> list[str]:
        write = insights.actions if name == "actions" else insights.observations
        return write(self.materials)

    def _fitted(self, schema: dict[str, Any], options: list[str]) -> str:
        most = int(schema.get("maxLength") or 10**6)
        return next((text for text in options if len(text) <= most), options[-1][:most])


def _type(schema: dict[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if str(one).lower() != "null"), "null")
    if kind is None or str(kind).upper() == "TYPE_UNSPECIFIED":
        return "object" if "properties" in schema else "array" if "items" in schema else "string"
    return str(kind).lower()


def _is_nullable(schema: dict[str, Any]) -> bool:
    kind = schema.get("type")
    return bool(schema.get("nullable")) or (isinstance(kind, list) and "null" in kind)


def _number(schema: dict[str, Any], kind: str, salt: str) -> int | float:
    low = float(schema.get("minimum", 0))
    high = float(schema.get("maximum", low + (10 if kind == "integer" else 1)))
    share = number(salt, below=1001) / 1000
    if kind == "integer":
        return int(low) + int(share * (int(high) - int(low)))
    return round(low + share * (high - low), 3)
