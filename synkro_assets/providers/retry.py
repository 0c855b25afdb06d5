"""When a failed request is tried again, and after how long.

What lives here: the one retry policy. What does not: the verdict on a single answer
(``verdicts`` and each provider's ``errors``), retries of whole steps (``failures``).

A permanent error is never tried again, nor is a send whose outcome is unknown, unless the provider
recognises the repetition; both verdicts come with the error (``domain/errors.py``). Waits grow
exponentially with jitter so that workers that failed together do not return together. A pause the
provider names is honoured when it is short; a longer one ends the call at once, for whoever
schedules the work to wait instead.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from synkro_assets.domain.errors import OutcomeUnknown, RateLimited, SynkroError

T = TypeVar("T")
Sleeper = Callable[[float], None]

sleep = time.sleep


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently; all times in seconds."""

    attempts: int = 5
    first_wait: float = 1.0
    longest_wait: float = 30.0
    longest_retry_after: float = 60.0
    repeats_unknown: bool = False

    def run(self, work: Callable[[int], T], sleeper: Sleeper = sleep) -> T:
        """``work(attempt)``, attempts counted from 1; raises the last attempt's own error."""
        retrying = Retrying(
            stop=stop_after_attempt(self.attempts),
            retry=retry_if_exception(self.is_worth_another_attempt),
            wait=self._wait,
            sleep=sleeper,
            reraise=True,
        )
        for attempt in retrying:
            with attempt:
                return work(attempt.retry_state.attempt_number)
        raise AssertionError("a retry loop ends by returning or raising")

    def is_worth_another_attempt(self, error: BaseException) -> bool:
        """Whether the same request may succeed within this call's patience."""
        if isinstance(error, OutcomeUnknown):
            return self.repeats_unknown
        if not isinstance(error, SynkroError):
            return False
        if isinstance(error, RateLimited) and error.retry_after is not None:
            return error.retry_after <= self.longest_retry_after
        return error.is_transient

    def will_retry(self, error: BaseException, attempt: int) -> bool:
        """Whether ``run`` makes another attempt after ``attempt`` failed with ``error``."""
        return attempt < self.attempts and self.is_worth_another_attempt(error)

    def pause(self, attempt: int) -> float:
        """Seconds to wait after failed ``attempt`` when the provider named none."""
        longest = min(self.longest_wait, self.first_wait * 2.0 ** (attempt - 1))
        return longest * random.uniform(0.5, 1.0)

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        if isinstance(error, RateLimited) and error.retry_after is not None:
            return error.retry_after + random.uniform(0.0, 0.5)
        return self.pause(state.attempt_number)


NEVER_AGAIN = RetryPolicy(attempts=1)
