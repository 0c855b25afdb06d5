"""The models that can be asked.

Lives here: their list and pages of it. Not here: generation (``generation``).
"""

from typing import Any

from .errors import Refusal

METHODS = ["generateContent", "countTokens", "streamGenerateContent"]
NAMES = [
    "gemini-2.5-flash",
    "gemini-2.5-flash-lite",
    "gemini-2.5-pro",
    "gemini-3.5-flash",
    "gemini-3.5-flash-lite",
    "gemini-3.6-flash",
    "gemini-3.7-flash",
    "gemini-3.8-flash",
    "gemini-flash-latest",
]


def available(version: str, retired: list[str]) -> list[str]:
    """The names this API version serves; ``-latest`` aliases exist on v1beta only."""
    return [
        name
        for name in NAMES
        if name not in retired and (version == "v1beta" or not name.endswith("-latest"))
    ]


def described(name: str) -> dict[str, Any]:
    """One model."""
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name.replace("-", " ").title(),
        "description": "A simulated model",
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": METHODS,
        "temperature": 1,
        "topP": 0.95,
        "topK": 64,
        "thinking": True,
    }


def model_page(names: list[str], size: int, token: str) -> dict[str, Any]:
    """One page of the list."""
    if token and not token.isdigit():
        raise Refusal(400, "Invalid page token.")
    first = int(token or 0)
    page: dict[str, Any] = {"models": [described(n) for n in names[first : first + size]]}
    if first + size < len(names):
        page["nextPageToken"] = str(first + size)
    return page


def require(version: str, name: str, retired: list[str]) -> None:
    """Raise 404 for a model that is not served."""
    if name not in available(version, retired):
        raise Refusal(
            404,
            f"models/{name} is not found for API version {version}, or is not supported for "
            "generateContent. Call ListModels to see the list of available models.",
        )
