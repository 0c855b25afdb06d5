"""Gemini's routes.

Lives here: the key, the paths, quotas, streaming. Not here: the answer's content (``generation``).
"""

import json
from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from synkro_assets.simulators.state import SimulatorState

from .errors import Refusal, bad_key, exhausted
from .generation import checked, generate, tokens
from .materials import texts_of
from .models import available, described, model_page, require

VERSIONS = ("v1", "v1beta")
CHUNKS = 3


def _key(request: Request, state: SimulatorState) -> str:
    key = request.headers.get("x-goog-api-key") or request.query_params.get("key", "")
    if not key:
        raise Refusal(403, "Method doesn't allow unregistered callers. Please use API Key.")
    if state.by_gemini_key(key) is None:
        raise bad_key()
    return key


def _check_quota(state: SimulatorState, key: str, model: str) -> None:
    quota, limits = state.switches["gemini_quota"], state.limits
    if quota:
        raise exhausted(model, quota)
    most = limits["gemini_per_minute"]
    if limits["enabled"] and most and not limits.windows.admit(f"gemini {key}", most, 60):
        raise exhausted(model, "minute")
    if state.switches["gemini_overloaded"]:
        raise Refusal(503, "The model is overloaded. Please try again later.")


def _streamed(whole: dict[str, Any]) -> Iterator[str]:
    """The response in pieces as server-sent events; usage comes with the last."""
    parts = (whole.get("candidates") or [{}])[0].get("content", {}).get("parts") or []
    text = "".join(part["text"] for part in parts if not part.get("thought"))
    if not text:
        yield f"data: {json.dumps(whole, ensure_ascii=False)}\r\n\r\n"
        return
    size = -(-len(text) // CHUNKS)
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    for index, piece in enumerate(pieces):
        candidate = {"content": {"role": "model", "parts": [{"text": piece}]}, "index": 0}
        chunk = {**whole, "candidates": [candidate]}
        if index == len(pieces) - 1:
            candidate["finishReason"] = whole["candidates"][0]["finishReason"]
        else:
            chunk.pop("usageMetadata", None)
        yield f"data: {json.dumps(chunk, ensure_ascii=False)}\r\n\r\n"


async def _post(request: Request, state: SimulatorState) -> Response:
    version = request.path_params["version"]
    model, _, action = request.path_params["model"].rpartition(":")
    if version not in VERSIONS or action not in (
        "generateContent", "streamGenerateContent", "countTokens"
    ):  # fmt: skip
        raise Refusal(404, "Not Found")
    key = _key(request, state)
    require(version, model, state.switches["gemini_retired"])
    try:
        document = await request.json()
    except ValueError as error:
        raise Refusal(400, f"Invalid JSON payload received. {error}") from error
    if action == "countTokens":
        inner = document.get("generateContentRequest", document)
        count = tokens("\n".join(texts_of(inner)))
        details = [{"modality": "TEXT", "tokenCount": count}]
        return JSONResponse({"totalTokens": count, "promptTokensDetails": details})
    asked = checked(document, version, state.switches)
    _check_quota(state, key, model)
    whole = generate(asked, model, state.switches)
    if action == "generateContent":
        return JSONResponse(whole)
    if request.query_params.get("alt") == "sse":
        return StreamingResponse(_streamed(whole), media_type="text/event-stream")
    return JSONResponse([whole])


async def _get(request: Request, state: SimulatorState) -> Response:
    version, name = request.path_params["version"], request.path_params.get("model")
    if version not in VERSIONS:
        raise Refusal(404, "Not Found")
    _key(request, state)
    retired = state.switches["gemini_retired"]
    if name is not None:
        require(version, name, retired)
        return JSONResponse(described(name))
    size = request.query_params.get("pageSize", "50")
    if not size.isdigit() or size == "0":
        raise Refusal(400, "pageSize must be a positive integer.")
    token = request.query_params.get("pageToken", "")
    return JSONResponse(model_page(available(version, retired), int(size), token))


def routes(state: SimulatorState) -> list[BaseRoute]:
    """Every route below ``/gemini``."""

    async def post(request: Request) -> Response:
        try:
            return await _post(request, state)
        except Refusal as refusal:
            return refusal.response()

    async def get(request: Request) -> Response:
        try:
            return await _get(request, state)
        except Refusal as refusal:
            return refusal.response()

    async def unknown(request: Request) -> Response:
        return Refusal(404, "Not Found").response()

    return [
        Route("/{version}/models", get, methods=["GET"]),
        Route("/{version}/models/{model}", get, methods=["GET"]),
        Route("/{version}/models/{model}", post, methods=["POST"]),
        Route("/{rest:path}", unknown, methods=["GET", "POST"]),
    ]
