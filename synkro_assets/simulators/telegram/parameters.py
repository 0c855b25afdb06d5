"""The parameters of a Bot API call, however they were sent.

Lives here: query, form, JSON and multipart as one mapping. Not here: what they mean.
"""

import json
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request


class Parameters:
    """Named values; structured ones may come as JSON text."""

    def __init__(self, values: dict[str, Any], files: dict[str, bytes]) -> None:
        self.values, self.files = values, files

    def text(self, name: str) -> str | None:
        """A value as text."""
        value = self.values.get(name)
        return None if value is None else str(value)

    def number(self, name: str, default: int | None = None) -> int | None:
        """A value as an integer; text that is none counts as absent."""
        try:
            return int(self.values[name])
        except (KeyError, TypeError, ValueError):
            return default

    def document(self, name: str) -> Any:
        """A structured value."""
        value = self.values.get(name)
        if isinstance(value, str):
            try:
                return json.loads(value)
            except ValueError:
                return None
        return value


async def parameters_of(request: Request) -> Parameters:
    """Everything the call was given."""
    values: dict[str, Any] = dict(request.query_params)
    files: dict[str, bytes] = {}
    body, kind = await request.body(), request.headers.get("content-type", "")
    if kind.startswith("application/json") and body:
        try:
            document = json.loads(body)
        except ValueError:
            document = None
        if isinstance(document, dict):
            values.update(document)
    elif kind.startswith("application/x-www-form-urlencoded"):
        values.update(parse_qsl(body.decode(), keep_blank_values=True))
    elif kind.startswith("multipart/form-data"):
        _read_multipart(kind, body, values, files)
    return Parameters(values, files)


def _read_multipart(
    kind: str, body: bytes, values: dict[str, Any], files: dict[str, bytes]
) -> None:
    message = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body
    )
    for part in message.walk():
        if part.is_multipart():
            continue
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(payload, bytes):
            continue
        if part.get_filename() is not None:
            files[name] = payload
        else:
            values[name] = payload.decode("utf-8", "replace")
