"""One generation: from a request document to a response document.

Lives here: checking the request, the answer text, finish reasons, token counts, misbehaviour that
is switched on. Not here: HTTP (``app``).
"""

import json
from typing import Any

from synkro_assets.simulators.switches import Switches
from synkro_assets.simulators.world.seeds import token

from .errors import Refusal, unknown_field
from .materials import Materials, materials_of, texts_of
from .schema_answer import SchemaAnswer
from .sentences import note

FIELDS = frozenset(
    {"contents", "systemInstruction", "generationConfig", "safetySettings", "tools", "toolConfig",
     "cachedContent", "model", "labels", "serviceTier", "store"}
)  # fmt: skip
GATED = ("responseMimeType", "responseSchema", "responseJsonSchema")
RATINGS = [
    {"category": f"HARM_CATEGORY_{name}", "probability": "NEGLIGIBLE"}
    for name in ("HATE_SPEECH", "DANGEROUS_CONTENT", "HARASSMENT", "SEXUALLY_EXPLICIT")
]


def camel(name: str) -> str:
    """The JSON name of a field that may have come in snake case."""
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)


def checked(document: Any, version: str, switches: Switches) -> dict[str, Any]:
    """The request with its names in camel case, or the refusal."""
    if not isinstance(document, dict):
        raise Refusal(400, "Invalid JSON payload received. Expected an object.")
    request = {camel(key): value for key, value in document.items()}
    for key in request:
        if key not in FIELDS:
            raise unknown_field(key, "")
    config = {camel(k): v for k, v in (request.get("generationConfig") or {}).items()}
    request["generationConfig"] = config
    if version == "v1" and switches["gemini_v1_gating"]:
        if "systemInstruction" in request:
            raise unknown_field("systemInstruction", "")
        for name in GATED:
            if name in config:
                raise unknown_field(name, " at 'generation_config'")
    if "responseSchema" in config and "responseJsonSchema" in config:
        raise Refusal(400, "responseSchema and responseJsonSchema exclude each other.")
    if not request.get("contents") or not any(text.strip() for text in texts_of(request)):
        raise Refusal(400, "* GenerateContentRequest.contents: contents is not specified")
    return request


def tokens(text: str) -> int:
    """A plausible token count."""
    return max(1, len(text) * 2 // 7)


def _misbehaving(value: Any, how: str, prompt: str, name: str = "") -> Any:
    """The answer with its prose or citations spoilt."""
    if isinstance(value, dict):
        return {key: _misbehaving(inner, how, prompt, key) for key, inner in value.items()}
    if isinstance(value, list):
        if how == "unknown_ids" and name.endswith("_ids"):
            return ["made_up_id"]
        return [_misbehaving(inner, how, prompt, name) for inner in value]
    if not isinstance(value, str):
        return value
    if how == "unknown_ids" and name.endswith("_id"):
        return "made_up_id"
    if " " not in value:
        return value
    spoilt = {"digits": f"{value} 37%, +1 250", "unknown_ids": f"{value} {{fact:made_up_id}}"}
    return spoilt.get(how, prompt[:500] if how == "echo" else value)


def _answer_text(request: dict[str, Any], materials: Materials, switches: Switches) -> str:
    config, how = request["generationConfig"], switches["gemini_misbehave"]
    schema = config.get("responseJsonSchema") or config.get("responseSchema")
    wants_json = config.get("responseMimeType") == "application/json"
    value: Any
    if schema:
        value = SchemaAnswer(materials, schema).value()
    else:
        facts, dialogs, managers = (materials.of(k)[:2] for k in ("fact", "dialog", "manager"))
        text = note(materials, facts, dialogs, managers, materials.text)
        value = {"text": text} if wants_json else text
    if how:
        value = _misbehaving(value, how, materials.text)
    answer = (
        value if isinstance(value, str) and not schema else json.dumps(value, ensure_ascii=False)
    )
    if how == "invalid_json":
        answer = answer[: max(1, len(answer) - 2)] + ",,"
    if switches["gemini_fenced_json"] and (schema or wants_json):
        answer = f"```json\n{answer}\n```"
    return answer


def _usage(prompt: int, answer: int, thoughts: int) -> dict[str, Any]:
    usage: dict[str, Any] = {
        "promptTokenCount": prompt,
        "candidatesTokenCount": answer,
        "totalTokenCount": prompt + answer + thoughts,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": prompt}],
    }
    if thoughts:
        usage["thoughtsTokenCount"] = thoughts
    return usage


def generate(request: dict[str, Any], model: str, switches: Switches) -> dict[str, Any]:
    """The whole response document."""
    materials = materials_of(request)
    prompt = tokens(materials.text)
    identity = {"modelVersion": model, "responseId": token(materials.text, model, length=24)}
    if switches["gemini_block_prompt"]:
        feedback = {"blockReason": "PROHIBITED_CONTENT", "safetyRatings": RATINGS}
        return {"promptFeedback": feedback, "usageMetadata": _usage(prompt, 0, 0), **identity}
    text, finish = _answer_text(request, materials, switches), switches["gemini_finish"]
    reason = finish or "STOP"
    most = request["generationConfig"].get("maxOutputTokens")
    if finish == "TRUNCATED" or (most and tokens(text) > int(most)):
        text = text[: len(text) // 2] if finish else text[: int(most) * 7 // 2]
        reason = "MAX_TOKENS"
    candidate: dict[str, Any] = {"finishReason": reason, "index": 0, "safetyRatings": RATINGS}
    parts = [{"text": text}]
    if switches["gemini_thought_part"]:
        parts.insert(0, {"text": "Looking at the facts.", "thought": True})  # type: ignore[dict-item]
    if finish == "MAX_TOKENS":
        candidate["content"] = {"role": "model"}
    elif finish != "SAFETY":
        candidate["content"] = {"role": "model", "parts": parts}
    thoughts = 64 if switches["gemini_thought_part"] or finish == "MAX_TOKENS" else 0
    answered = tokens(text) if finish not in ("SAFETY", "MAX_TOKENS") else 0
    response: dict[str, Any] = {"candidates": [candidate], **identity}
    if not switches["gemini_no_usage"]:
        response["usageMetadata"] = _usage(prompt, answered, thoughts)
    return response
