"""Messages that arrive in a chat after it was loaded.

Lives here: ``POST …/messaging/messages/`` and putting a message of the control interface into a
chat. Not here: reading (``feed``).
"""

from datetime import datetime

from starlette.responses import JSONResponse, Response

from synkro_assets.simulators.state import SimulatorState, TenantWorld
from synkro_assets.simulators.world.model import Chat, ChatMessage
from synkro_assets.simulators.world.seeds import message_id

from .door import Visit


def put_message(
    state: SimulatorState,
    world: TenantWorld,
    chat: Chat,
    direction: str,
    text: str,
    at: datetime | None = None,
    message_type: str = "text",
) -> ChatMessage:
    """Put one message into the chat, now unless another time is given."""
    moment = at or state.clock.now()
    identifier = message_id(world.company.tenant, chat.id, "sent", len(chat.messages), moment)
    row = ChatMessage(identifier, direction, message_type, text, moment)
    world.add_message(chat.id, row)
    return row


async def send(visit: Visit) -> Response:
    """``POST …/messaging/messages/``."""
    try:
        document = await visit.request.json()
    except ValueError:
        return visit.refuse(400, "the body must be JSON")
    if not isinstance(document, dict):
        return visit.refuse(400, "the body must be a JSON object")
    chat = visit.present.chat(document.get("chat_id") or 0)
    if chat is None:
        return visit.refuse(404, "Chat not found")
    if document.get("connection_id") not in (None, chat.connection_id):
        return visit.refuse(404, "Connection not found")
    kind = str(document.get("message_type", "text"))
    content = document.get(kind) or {}
    if not isinstance(content, dict):
        return visit.refuse(400, f"{kind} must be an object")
    text = str(content.get("text") or content.get("caption") or "")
    if kind == "text" and not text:
        return visit.refuse(400, "text.text is required")
    row = put_message(visit.state, visit.world, chat, "outbound", text, None, kind)
    return JSONResponse({"message_id": row.id, "chat_id": chat.id})
