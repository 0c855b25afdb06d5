"""Gemini's error documents.

Lives here: refusals as exceptions, with Google's details. Not here: when to refuse.
"""

from typing import Any

from starlette.responses import JSONResponse, Response

STATUSES = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
TYPE = "type.googleapis.com/google.rpc."


class Refusal(Exception):
    """An error answer."""

    def __init__(self, code: int, message: str, *details: dict[str, Any]) -> None:
        super().__init__(message)
        self.code, self.message, self.details = code, message, list(details)

    def response(self) -> Response:
        """The answer as HTTP."""
        error: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "status": STATUSES[self.code],
        }
        if self.details:
            error["details"] = self.details
        return JSONResponse({"error": error}, self.code)


def bad_key() -> Refusal:
    """A key that is not known: 400, not 401."""
    info = {
        "@type": f"{TYPE}ErrorInfo",
        "reason": "API_KEY_INVALID",
        "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com"},
    }
    return Refusal(400, "API key not valid. Please pass a valid API key.", info)


def unknown_field(name: str, at: str) -> Refusal:
    """A field that this API version does not have."""
    message = f'Invalid JSON payload received. Unknown name "{name}"{at}: Cannot find field.'
    violation = {"field": name, "description": message}
    details = {"@type": f"{TYPE}BadRequest", "fieldViolations": [violation]}
    return Refusal(400, message, details)


def exhausted(model: str, period: str) -> Refusal:
    """A quota used up, ``period`` being minute or day."""
    per = "PerDay" if period == "day" else "PerMinute"
    delay = "12.5s" if period == "day" else "33s"
    violation = {
        "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
        "quotaId": f"GenerateRequests{per}PerProjectPerModel-FreeTier",
        "quotaDimensions": {"model": model, "location": "global"},
        "quotaValue": "250" if period == "day" else "10",
    }
    return Refusal(
        429,
        f"You exceeded your current quota. Please retry in {delay}.",
        {"@type": f"{TYPE}QuotaFailure", "violations": [violation]},
        {"@type": f"{TYPE}Help", "links": []},
        {"@type": f"{TYPE}RetryInfo", "retryDelay": delay},
    )
