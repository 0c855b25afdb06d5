"""Writing a report: the facts by code, the conclusions by a model if it keeps to them.

What lives here: the decision. A report is always made, and on time: without an AI integration, or
when the model fails, is blocked or does not keep to the facts after one repair, it is the
facts-only report and says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from synkro_assets.domain.errors import ProviderError, ProviderRefused, TokenExpired
from synkro_assets.domain.report_document import Line, ReportDocument, Section
from synkro_assets.reporting.day_data import DayData
from synkro_assets.reporting.facts_report import facts_document
from synkro_assets.reporting.grounding import Conclusions, grounded
from synkro_assets.reporting.prompt import (
    PROMPT_VERSION,
    RESPONSE_SCHEMA,
    day_prompt,
    instructions,
)

MAX_OUTPUT_TOKENS = 4096


class ModelAnswer(Protocol):
    """What a model's client gives back."""

    @property
    def data(self) -> dict[str, Any]: ...
    @property
    def model_version(self) -> str: ...
    @property
    def prompt_tokens(self) -> int: ...
    @property
    def total_tokens(self) -> int: ...


class Model(Protocol):
    """A model that answers with JSON; ``model`` is the name it is configured by."""

    @property
    def model(self) -> str: ...

    def generate_json(
        self,
        *,
        system: str,
        prompt: str,
        response_schema: dict[str, Any],
        max_output_tokens: int,
        temperature: float,
    ) -> ModelAnswer: ...


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """A finished report; ``status`` is ``complete`` (a model's conclusions) or ``facts_only``."""

    document: ReportDocument
    status: str
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Usage:
    """What the model's calls cost, added up over the attempts."""

    model_version: str = ""
    prompt_tokens: int = 0
    total_tokens: int = 0
    calls: int = 0


def conclusions_key(data: DayData, model: Model) -> str:
    """Changes exactly when a model's conclusions about the day would have to be asked for anew.

    Records set aside are in no prompt, but the report says how many there are.
    """
    parts = [PROMPT_VERSION, model.model, instructions(data.language), day_prompt(data)]
    if data.quarantined:
        parts.append(f"{data.quarantined} set aside")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def write_report(
    data: DayData,
    model: Model | None,
    min_dialogs: int,
    on_progress: Callable[[str], None] = lambda _: None,
) -> WrittenReport:
    """The report on a day or a window; never fails for the model's sake.

    ``min_dialogs`` asks something only of a report that knows dialogs.
    """
    document = facts_document(data)
    if model is None:
        return _facts_only(data, document, "not_configured", _Usage())
    if data.is_quiet:
        return _facts_only(data, document, "quiet", _Usage())
    if data.fact("dialogs") is not None and data.value("dialogs") < min_dialogs:
        return _facts_only(data, document, "too_few_dialogs", _Usage())
    usage = _Usage()
    try:
        conclusions, problems = _ask(data, model, usage, on_progress)
    except (ProviderRefused, TokenExpired) as problem:
        return _facts_only(data, document, "refused", usage, str(problem))
    except ProviderError as problem:
        return _facts_only(data, document, "unavailable", usage, str(problem))
    if conclusions is None:
        return _facts_only(data, document, "ungrounded", usage, "; ".join(problems))
    return WrittenReport(
        _with_conclusions(data, document, conclusions, usage.model_version),
        "complete",
        {**_usage_metadata(usage), "conclusions_key": conclusions_key(data, model)},
    )


def _ask(
    data: DayData, model: Model, usage: _Usage, on_progress: Callable[[str], None]
) -> tuple[Conclusions | None, list[str]]:
    """One answer and, if it does not keep to the facts, one repaired one."""
    problems: list[str] = []
    for attempt in ("conclusions asked for", "conclusions sent back for repair"):
        on_progress(f"{attempt} from {model.model}")
        answer = model.generate_json(
            system=instructions(data.language),
            prompt=day_prompt(data, problems),
            response_schema=RESPONSE_SCHEMA,
            max_output_tokens=MAX_OUTPUT_TOKENS,
            temperature=0.2,
        )
        usage.calls += 1
        usage.model_version = answer.model_version or model.model
        usage.prompt_tokens += answer.prompt_tokens
        usage.total_tokens += answer.total_tokens
        conclusions, problems = grounded(data, answer.data)
        if conclusions is not None:
            return conclusions, []
    return None, problems


def _with_conclusions(
    data: DayData, document: ReportDocument, conclusions: Conclusions, model_version: str
) -> ReportDocument:
    words = data.wording
    added = tuple(
        Section(heading, tuple(Line(text) for text in texts))
        for heading, texts in (
            (words.observations, conclusions.observations),
            (words.actions, conclusions.actions),
        )
    )
    return replace(
        document,
        opening=conclusions.headline,
        sections=(*document.sections, *added),
        notes=(*document.notes, words.by_model.format(model=model_version)),
    )


def _facts_only(
    data: DayData, document: ReportDocument, reason: str, usage: _Usage, detail: str = ""
) -> WrittenReport:
    words = data.wording
    note = words.without_model.format(reason=words.reasons_without_model[reason])
    metadata = {**_usage_metadata(usage), "facts_only_reason": reason}
    if detail:
        metadata["facts_only_detail"] = detail
    return WrittenReport(replace(document, notes=(*document.notes, note)), "facts_only", metadata)


def _usage_metadata(usage: _Usage) -> dict[str, Any]:
    return {
        "model": usage.model_version or None,
        "model_calls": usage.calls,
        "prompt_tokens": usage.prompt_tokens,
        "total_tokens": usage.total_tokens,
    }
