"""The Bot API's answers.

Lives here: success, and refusals as exceptions. Not here: when to refuse.
"""

from typing import Any

from starlette.responses import JSONResponse, Response


class Refusal(Exception):
    """An error answer; ``description`` is Telegram's wording."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters

    def response(self) -> Response:
        """The answer as HTTP."""
        document: dict[str, Any] = {
            "ok": False,
            "error_code": self.code,
            "description": self.description,
        }
        if self.parameters:
            document["parameters"] = self.parameters
        return JSONResponse(document, self.code)


def done(result: Any) -> Response:
    """A successful answer."""
    return JSONResponse({"ok": True, "result": result})
