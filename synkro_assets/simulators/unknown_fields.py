"""Fields that no documentation names, as providers add them without notice.

Lives here: putting one into every object of an answer. Not here: when (``switches``).
"""

import json
from typing import Any

from starlette.responses import Response

NAME = "a_field_of_tomorrow"


def with_unknown_fields(answer: Response) -> Response:
    """The same answer, every object of it with one field more; what is not JSON as it is."""
    if answer.status_code != 200 or "json" not in (answer.media_type or ""):
        return answer
    body = json.dumps(_extended(json.loads(bytes(answer.body))), ensure_ascii=False)
    return Response(body, answer.status_code, media_type=answer.media_type)


def _extended(value: Any) -> Any:
    if isinstance(value, list):
        return [_extended(each) for each in value]
    if isinstance(value, dict):
        shown = {name: _extended(each) for name, each in value.items()}
        return {**shown, NAME: {"deep": [1, None]}}
    return value
