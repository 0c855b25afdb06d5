"""Radist's response shapes.

Lives here: error bodies, timestamps in the formats seen in the wild, one message. Not here: which
messages (``feed``).
"""

from datetime import datetime, timedelta, timezone
from typing import Any

from starlette.responses import JSONResponse, Response

from synkro_assets.simulators.switches import Switches
from synkro_assets.simulators.world.model import Chat, ChatMessage
from synkro_assets.simulators.world.seeds import number

MEDIA = {"image": "image/jpeg", "voice": "audio/ogg", "audio": "audio/mpeg", "video": "video/mp4",
         "file": "application/pdf"}  # fmt: skip
MOSCOW = timezone(timedelta(hours=3))


def refusal(
    switches: Switches, status: int, detail: str, headers: dict[str, str] | None = None
) -> Response:
    """An error in the body shape that is switched on."""
    shape = switches["radist_error_body"]
    if shape == "empty":
        return Response(status_code=status, headers=headers)
    if shape == "text":
        return Response(detail, status, headers, media_type="text/plain")
    return JSONResponse({"detail": detail}, status, headers)


def mixed_iso(moment: datetime, salt: str) -> str:
    """The instant in one of the formats Radist uses; which one depends on ``salt`` only."""
    has_fraction = moment.microsecond != 0
    style = number(salt, below=5)
    if style == 0:
        return moment.isoformat().replace("+00:00", "Z")
    if style == 1:
        return moment.astimezone(MOSCOW).isoformat()
    if style == 2:
        return moment.replace(tzinfo=None).isoformat()
    if style == 3 and has_fraction and moment.microsecond % 1000 == 0:
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return moment.isoformat(timespec="microseconds")


def message(
    row: ChatMessage, chat: Chat, media_expires_at: datetime | None = None
) -> dict[str, Any]:
    """The message as Radist shows it; with a time its media's URL says until when it is good."""
    document: dict[str, Any] = {
        "message_id": row.id,
        "chat_id": chat.id,
        "connection_id": chat.connection_id,
        "direction": row.direction,
        "message_type": row.type,
        "created_at": mixed_iso(row.created_at, row.id),
    }
    if row.type == "text":
        document["text"] = {"text": row.text}
    elif row.type in MEDIA:
        document[row.type] = {
            "url": _media_url(row, media_expires_at),
            "name": f"{row.type}-{row.id[:8]}",
            "caption": row.text or None,
            "mime": MEDIA[row.type],
        }
    elif row.type == "waba_interactive":
        document["waba_interactive"] = {"body": {"text": row.text}}
    else:
        document[row.type] = {"id": row.id[:12]}
    return document


def _media_url(row: ChatMessage, expires_at: datetime | None) -> str:
    url = f"https://media.radist.invalid/{row.id}"
    if expires_at is None:
        return url
    expires = int(expires_at.timestamp())
    return f"{url}?expires={expires}&signature={number(row.id, expires, below=2**53):014x}"
