"""Failures of chosen requests, and the ways a connection can break.

Lives here: which request a fault is for, how often, and how the connection is closed. Not here:
lasting oddities of a provider (``switches``) and the request path itself (``gateway``).
"""

import itertools
import re
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Message, Receive, Scope, Send

ACTIONS = frozenset(
    {
        "status",
        "body",
        "headers",
        "delay_seconds",
        "close_mid_body",
        "drop_after_commit",
        "drop_before",
    }
)


class BadFault(ValueError):
    """A fault that could never do what was meant."""


@dataclass
class Fault:
    """One rule: what it matches, how often it acts, what it does."""

    fault_id: int
    provider: str
    method: str | None
    path: re.Pattern[str] | None
    remaining: int | None
    skip: int
    action: dict[str, Any]
    hits: int = 0

    def matches(self, provider: str, method: str, target: str) -> bool:
        """Whether the request is one of those meant."""
        if self.provider != provider or (self.method and self.method != method):
            return False
        return self.path is None or self.path.search(target) is not None

    def as_dict(self) -> dict[str, Any]:
        """The rule as the control interface shows it."""
        return {
            "fault_id": self.fault_id,
            "match": {
                "provider": self.provider,
                "method": self.method,
                "path": self.path.pattern if self.path else None,
            },
            "remaining": self.remaining,
            "skip": self.skip,
            "hits": self.hits,
            "action": self.action,
        }


@dataclass
class Faults:
    """All rules in force, oldest first."""

    _rules: list[Fault] = field(default_factory=list)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def add(self, spec: dict[str, Any]) -> Fault:
        """Put a rule in force from its JSON form."""
        match, action = spec.get("match") or {}, spec.get("action") or {}
        if "provider" not in match:
            raise BadFault("match.provider is required")
        if not action or set(action) - ACTIONS:
            raise BadFault(f"action must have one or more of {', '.join(sorted(ACTIONS))}")
        try:
            path = re.compile(match["path"]) if match.get("path") else None
        except re.error as error:
            raise BadFault(f"match.path is no regular expression: {error}") from error
        method = match.get("method")
        fault = Fault(
            fault_id=next(self._ids),
            provider=match["provider"],
            method=method.upper() if method else None,
            path=path,
            remaining=spec.get("count", 1),
            skip=int(spec.get("skip", 0)),
            action=action,
        )
        self._rules.append(fault)
        return fault

    def take(self, provider: str, method: str, target: str) -> dict[str, Any] | None:
        """The action for this request, counted as used; ``None`` when it goes unharmed."""
        for fault in self._rules:
            if fault.remaining == 0 or not fault.matches(provider, method, target):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.remaining is not None:
                fault.remaining -= 1
            fault.hits += 1
            return fault.action
        return None

    def as_list(self) -> list[dict[str, Any]]:
        """Every rule, used up or not."""
        return [fault.as_dict() for fault in self._rules]

    def clear(self) -> None:
        """Forget every rule."""
        self._rules.clear()

    def remove(self, fault_id: int) -> bool:
        """Forget one rule; false when there is none of that id."""
        before = len(self._rules)
        self._rules = [fault for fault in self._rules if fault.fault_id != fault_id]
        return len(self._rules) < before


async def close_connection(scope: Scope, receive: Receive) -> None:
    """Close the client's connection as it stands, then wait until that has happened."""
    scope["state"]["transport"].close()
    while (await receive())["type"] != "http.disconnect":
        pass


async def send_half(messages: list[Message], scope: Scope, receive: Receive, send: Send) -> None:
    """Send headers that promise the whole body, half of it, and close."""
    start = dict(messages[0])
    body = b"".join(message.get("body", b"") for message in messages[1:])
    headers = [(k, v) for k, v in start.get("headers", []) if k.lower() != b"content-length"]
    start["headers"] = [*headers, (b"content-length", str(max(len(body), 2)).encode())]
    await send(start)
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
    await close_connection(scope, receive)
