"""What a usable answer of Gemini is, and what is wrong with the others.

What lives here: reading a response into data and token counts (reference §5.2). What does not:
HTTP errors (``errors``), whether the data is true (``reporting/grounding.py``).

A blocked prompt is a 200 without candidates; a blocked answer is a candidate without parts; an
exhausted budget cuts the JSON or leaves nothing at all.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synkro_assets.domain.errors import ProviderError, ProviderRefused, ProviderUnavailable
from synkro_assets.providers.gemini.errors import PROVIDER

if TYPE_CHECKING:
    from google.genai.types import Candidate, GenerateContentResponse

_FENCE = re.compile(r"\A\s*```[\w-]*[ \t]*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)
# Another attempt draws another answer; the other reasons judge the text itself.
_WORTH_ANOTHER_ATTEMPT = frozenset(
    {"STOP", "OTHER", "FINISH_REASON_UNSPECIFIED", "MALFORMED_RESPONSE", "MALFORMED_FUNCTION_CALL"}
)


@dataclass(frozen=True, slots=True)
class GeminiAnswer:
    """One answer and what it cost in tokens; billed are prompt, candidates and thoughts."""

    data: dict[str, Any]
    model_version: str
    prompt_tokens: int
    candidates_tokens: int
    total_tokens: int
    finish_reason: str
    thoughts_tokens: int = 0
    is_usage_known: bool = True


def answer_of(response: GenerateContentResponse, model: str) -> GeminiAnswer:
    """The answer in ``response``; ``model`` stands in for a version it does not name.

    Raises ProviderRefused for what was blocked or cut by the token limit, ProviderUnavailable
    for what another attempt may mend.
    """
    candidates = response.candidates or []
    if not candidates:
        raise _no_candidates(response)
    reason = _name(candidates[0].finish_reason) or "STOP"
    data = _data(_text(candidates[0]), reason)
    usage = response.usage_metadata
    prompt = (usage and usage.prompt_token_count) or 0
    answered = (usage and usage.candidates_token_count) or 0
    thoughts = (usage and usage.thoughts_token_count) or 0
    return GeminiAnswer(
        data=data,
        model_version=response.model_version or model,
        prompt_tokens=prompt,
        candidates_tokens=answered,
        total_tokens=(usage and usage.total_token_count) or prompt + answered + thoughts,
        finish_reason=reason,
        thoughts_tokens=thoughts,
        is_usage_known=usage is not None,
    )


def _no_candidates(response: GenerateContentResponse) -> ProviderError:
    reason = response.prompt_feedback and _name(response.prompt_feedback.block_reason)
    if reason:
        text = f"{PROVIDER} blocked the prompt ({reason}): the report is written without it"
        return ProviderRefused(PROVIDER, text)
    return ProviderUnavailable(PROVIDER, f"{PROVIDER} answered with nothing; try again")


def _text(candidate: Candidate) -> str:
    parts = (candidate.content and candidate.content.parts) or []
    return "".join(part.text for part in parts if part.text and not part.thought)


def _data(text: str, reason: str) -> dict[str, Any]:
    if reason == "MAX_TOKENS":
        what = "cut its answer off" if text else "used up its tokens before answering"
        message = f"{PROVIDER} {what}: raise max_output_tokens or ask about less"
        raise ProviderRefused(PROVIDER, message)
    if reason not in _WORTH_ANOTHER_ATTEMPT:
        raise ProviderRefused(PROVIDER, f"{PROVIDER} withheld its answer ({reason})")
    if not text.strip():
        raise ProviderUnavailable(
            PROVIDER, f"{PROVIDER} answered with nothing ({reason}); try again"
        )
    fenced = _FENCE.match(text)
    try:
        data = json.loads(fenced.group(1) if fenced else text)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        message = f"{PROVIDER} answered with something that is not a JSON object; try again"
        raise ProviderUnavailable(PROVIDER, message)
    return data


def _name(value: Any) -> str:
    """An enumeration value as text; values the SDK does not know yet included."""
    return "" if value is None else str(getattr(value, "value", value))
