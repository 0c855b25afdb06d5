"""The Telegram client: who the bot is, and one message sent once.

What lives here: a synchronous face over python-telegram-bot's ``Bot`` (reference §4). What does
not: refusals (``errors``), splitting, retries and the memory of what was sent (``delivery``).

Each call runs its own short event loop, on this thread or, where one is already running, on a
helper thread. A send is never repeated here: an answer that never came may mean delivered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from synkro_assets.domain.errors import (
    OutcomeUnknown,
    ProviderUnavailable,
    SynkroError,
    UsageProblem,
)
from synkro_assets.domain.protocols import Clock, ExchangeLog, Limiter
from synkro_assets.providers.closing import Closing
from synkro_assets.providers.gate import Call, Gate, Rate
from synkro_assets.providers.http import Timeouts, checked_base_url
from synkro_assets.providers.redaction import Redactor
from synkro_assets.providers.retry import RetryPolicy, Sleeper, sleep
from synkro_assets.providers.sdk_transports import telegram_request
from synkro_assets.providers.telegram.errors import PROVIDER, classify

if TYPE_CHECKING:
    from telegram import Bot

T = TypeVar("T")

_OVERALL = Rate("all", 30.0)
# Guidance, not a contract: a message a second to one chat; groups answer 429 when it is too much.
_PER_CHAT = 1.0


class TelegramClient(Closing):
    """One bot; ``base_url`` is the API's prefix before the token, as python-telegram-bot's."""

    def __init__(
        self,
        bot_token: str,
        base_url: str,
        gate: Gate,
        *,
        timeouts: Timeouts | None = None,
        retry: RetryPolicy | None = None,
        sleeper: Sleeper = sleep,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        if not bot_token.isascii() or not bot_token.isprintable() or " " in bot_token:
            raise UsageProblem("the telegram bot_token holds characters no token has: paste again")
        checked_base_url(PROVIDER, base_url)
        self._token = bot_token
        self._base_url = base_url.rstrip("/")
        self._gate = gate
        self._timeouts = timeouts or Timeouts()
        self._retry = retry or RetryPolicy()
        self._sleeper = sleeper
        self._transport = transport

    def get_me(self) -> dict[str, Any]:
        """The bot: id, is_bot, first_name, username, …

        Raises ProviderRefused, RateLimited, ProviderUnavailable.
        """

        async def ask(bot: Bot) -> dict[str, Any]:
            return (await bot.get_me()).to_dict()

        retry = self._retry
        return retry.run(lambda n: self._run(Call("getMe", n, retry=retry), ask), self._sleeper)

    def send_message(self, chat_id: str, html: str, message_thread_id: int | None = None) -> int:
        """Send one message (Telegram HTML, at most 4096 characters); its message id.

        Raises OutcomeUnknown when it may have been delivered, RateLimited with ``retry_after``
        seconds, ProviderUnavailable when nothing was sent, ProviderRefused (ChatMoved) otherwise.
        """

        async def send(bot: Bot) -> int:
            from telegram import LinkPreviewOptions

            message = await bot.send_message(
                chat_id=chat_id,
                text=html,
                parse_mode="HTML",
                message_thread_id=message_thread_id,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
            return message.message_id

        rate = Rate(f"chat:{chat_id}", _PER_CHAT)
        return self._run(Call("sendMessage", is_send=True, extra_rates=(rate,)), send)

    def close(self) -> None:
        """Nothing stays open between calls."""

    def _run(self, call: Call, work: Callable[[Bot], Coroutine[Any, Any, T]]) -> T:
        with self._gate.call(call):
            return _in_a_loop_of_its_own(lambda: self._talk(call, work))

    async def _talk(self, call: Call, work: Callable[[Bot], Coroutine[Any, Any, T]]) -> T:
        from telegram import Bot
        from telegram.error import TelegramError

        transport = self._transport
        request = telegram_request(self._gate, timeouts=self._timeouts, transport=transport)
        error: SynkroError
        async with request:
            try:
                # For updates too, or the library reads the authorities anew: 50 ms for nothing.
                bot = Bot(self._token, self._base_url, request=request, get_updates_request=request)
                return await work(bot)
            except TelegramError as problem:
                error = self._translated(problem, call)
            except (KeyError, TypeError, ValueError, AttributeError):
                error = self._strange(call)
        raise error

    def _translated(self, problem: Exception, call: Call) -> SynkroError:
        cause = problem.__cause__
        return cause if isinstance(cause, SynkroError) else self._strange(call)

    def _strange(self, call: Call) -> SynkroError:
        if call.is_send:
            text = (
                f"{PROVIDER} answered in an unknown shape: it may have been delivered; look first"
            )
            return OutcomeUnknown(PROVIDER, text)
        text = f"{PROVIDER} answered in an unknown shape: check base_url and try again"
        return ProviderUnavailable(PROVIDER, text)


def client(
    public: Mapping[str, Any],
    secrets: Mapping[str, str],
    *,
    limiter: Limiter,
    log: ExchangeLog,
    clock: Clock,
    **options: Any,
) -> TelegramClient:
    """The client of an integration's stored fields (``catalog``, kind ``telegram``).

    ``options`` are TelegramClient's ``timeouts``, ``retry``, ``sleeper`` and ``transport``.
    """
    redactor = Redactor(secrets.values())
    gate = Gate(PROVIDER, limiter, log, clock, redactor, classify, lambda _: (_OVERALL,))
    return TelegramClient(secrets["bot_token"], public["base_url"], gate, **options)


def _in_a_loop_of_its_own(talk: Callable[[], Coroutine[Any, Any, T]]) -> T:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(talk())
    context = copy_context()
    with ThreadPoolExecutor(max_workers=1) as helper:
        return helper.submit(context.run, lambda: asyncio.run(talk())).result()
