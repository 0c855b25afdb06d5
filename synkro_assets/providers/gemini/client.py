"""The Gemini client: ask for a JSON object, with fallback models.

What lives here: the calls (reference §5) and which model answers. What does not: refusals
(``errors``), reading answers (``answers``), prompts and budgets (``reporting``).

google-genai is told everything it would otherwise choose by itself: API version, address, client,
time-out, no retries, no automatic function calls. The schema goes out as ``responseJsonSchema``:
the same standard JSON Schema then checks the answer and keys the cache, where ``responseSchema``
would be rewritten into an OpenAPI subset.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from synkro_assets.domain.errors import (
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    UsageProblem,
)
from synkro_assets.domain.protocols import Clock, ExchangeLog, Limiter
from synkro_assets.providers.closing import Closing
from synkro_assets.providers.gate import Call, Gate, Rate
from synkro_assets.providers.gemini.answers import GeminiAnswer, answer_of
from synkro_assets.providers.gemini.errors import PROVIDER, ModelGone, classifier
from synkro_assets.providers.http import Timeouts, checked_base_url, checked_headers, trust
from synkro_assets.providers.redaction import Redactor
from synkro_assets.providers.retry import RetryPolicy, Sleeper, sleep
from synkro_assets.providers.sdk_transports import genai_client

if TYPE_CHECKING:
    from google.genai import Client
    from google.genai.types import GenerateContentConfig

T = TypeVar("T")

DEFAULT_BASE_URL = "https://generativelanguage.googleapis.com"
# Quotas are a project's own and unpublished; this only keeps bursts of dialogs apart.
_RATE = Rate("all", 5.0)


class GeminiClient(Closing):
    """One API key; ``model`` answers, ``fallback_models`` in turn when it cannot."""

    def __init__(
        self,
        api_key: str,
        model: str,
        fallback_models: Sequence[str] = (),
        *,
        gate: Gate,
        base_url: str | None = None,
        api_version: str = "v1beta",
        timeout_seconds: float = 60.0,
        retry: RetryPolicy | None = None,
        sleeper: Sleeper = sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        if not model:
            raise UsageProblem("the ai integration names no model: set model")
        checked_headers(PROVIDER, {"x-goog-api-key": api_key})
        self._api_key = api_key
        self._models = tuple(dict.fromkeys((model, *fallback_models)))
        self._gate = gate
        self._base_url = str(checked_base_url(PROVIDER, base_url or DEFAULT_BASE_URL))
        self._api_version = api_version
        self._timeout = timeout_seconds
        self._retry = retry or RetryPolicy(attempts=3)
        self._sleeper = sleeper
        timeouts = Timeouts(read=timeout_seconds, whole=timeout_seconds)
        self._http = genai_client(gate, timeouts=timeouts, transport=transport)
        self._sdk: Client | None = None

    @property
    def model(self) -> str:
        """The model that is asked first."""
        return self._models[0]

    def generate_json(
        self,
        system: str,
        prompt: str,
        response_schema: Mapping[str, Any],
        max_output_tokens: int,
        temperature: float,
    ) -> GeminiAnswer:
        """One JSON object that follows ``response_schema`` (JSON Schema).

        Raises ProviderRefused, RateLimited (the day's quota included) or ProviderUnavailable, of
        the first model when every model failed.
        """
        config = self._config(system, response_schema, max_output_tokens, temperature)

        def ask(model: str, attempt: int) -> GeminiAnswer:
            def generate(sdk: Client) -> GeminiAnswer:
                response = sdk.models.generate_content(model=model, contents=prompt, config=config)
                return answer_of(response, model)

            return self._within_gate(f"generateContent {model}", attempt, generate)

        return self._first_that_answers(ask)

    def models(self) -> list[dict[str, Any]]:
        """The models the key may use; also the cheapest way to try the key."""

        def listed(sdk: Client) -> list[dict[str, Any]]:
            pager = sdk.models.list(config={"page_size": 200})
            return [model.model_dump(mode="json", exclude_none=True) for model in pager]

        return self._retry.run(lambda n: self._within_gate("models", n, listed), self._sleeper)

    def close(self) -> None:
        self._http.close()

    def _first_that_answers(self, ask: Callable[[str, int], GeminiAnswer]) -> GeminiAnswer:
        first_error: ProviderError | None = None
        for model in self._models:
            try:
                return self._retry.run(lambda n, m=model: ask(m, n), self._sleeper)  # type: ignore[misc]
            except (ModelGone, RateLimited, ProviderUnavailable) as error:
                first_error = first_error or error
        assert first_error is not None
        raise first_error

    def _within_gate(self, action: str, attempt: int, work: Callable[[Client], T]) -> T:
        sdk = self._client()
        with self._gate.call(Call(action, attempt, retry=self._retry)):
            try:
                return work(sdk)
            except (ValueError, TypeError, KeyError, AttributeError):
                error = self._gate.unreadable("answered in an unknown shape")
        raise error

    def _client(self) -> Client:
        if self._sdk is None:
            from google.genai import Client
            from google.genai.types import HttpOptions

            self._sdk = Client(
                api_key=self._api_key,
                vertexai=False,
                http_options=HttpOptions(
                    base_url=self._base_url,
                    api_version=self._api_version,
                    timeout=round(self._timeout * 1000),
                    retry_options=None,
                    # Or the library reads the authorities for roads of its own, 50 ms for each.
                    client_args={"verify": trust()},
                    async_client_args={"verify": trust(), "ssl": trust()},
                    httpx_client=self._http,
                ),
            )
        return self._sdk

    def _config(
        self, system: str, schema: Mapping[str, Any], max_output_tokens: int, temperature: float
    ) -> GenerateContentConfig:
        from google.genai.types import AutomaticFunctionCallingConfig, GenerateContentConfig

        return GenerateContentConfig(
            system_instruction=system,
            temperature=temperature,
            max_output_tokens=max_output_tokens,
            response_mime_type="application/json",
            response_json_schema=dict(schema),
            automatic_function_calling=AutomaticFunctionCallingConfig(disable=True),
        )


def client(
    public: Mapping[str, Any],
    secrets: Mapping[str, str],
    *,
    limiter: Limiter,
    log: ExchangeLog,
    clock: Clock,
    **options: Any,
) -> GeminiClient:
    """The client of an integration's stored fields (``catalog``, kind ``ai``).

    ``options`` are GeminiClient's ``timeout_seconds``, ``retry``, ``sleeper`` and ``transport``.
    """
    redactor = Redactor(secrets.values())
    gate = Gate(PROVIDER, limiter, log, clock, redactor, classifier(clock), lambda _: (_RATE,))
    return GeminiClient(
        secrets["api_key"],
        public["model"],
        public.get("fallback_models") or (),
        gate=gate,
        base_url=public.get("base_url"),
        api_version=public.get("api_version") or "v1beta",
        **options,
    )
