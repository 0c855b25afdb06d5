"""Working through several days at once without letting one bad day cost the others.

What lives here: trying a batch and, when it fails, halving it until the bad days stand alone. What
is done to a batch is the caller's; how outcomes look in Dagster is ``assets/day_outcomes.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.errors import (
    AccountStopped,
    ClaimLost,
    DaysFailed,
    MissingIntegration,
    ProviderRefused,
    RateLimited,
    SecretUnreadable,
    SynkroError,
    TokenExpired,
)

Result = TypeVar("Result")
Further = TypeVar("Further")

# What is wrong with the account or the run is wrong with every day: asking again, day by day, would
# only repeat the refusal.
_CONCERNS_ALL_DAYS = (
    AccountStopped,
    MissingIntegration,
    RateLimited,
    SecretUnreadable,
    TokenExpired,
)
_REFUSED_WHOEVER_ASKS = {401, 402, 403}

# A source that is down fails each request only after patient retries: when nothing at all has come
# of the first single days, what is left is asked for in whole batches, once each.
_LOST_DAYS_BEFORE_HASTE = 3


@dataclass(slots=True)
class DayOutcomes(Generic[Result]):
    """What became of each day: a result, or the error that ended it."""

    done: dict[BusinessDay, Result] = field(default_factory=dict)
    failed: dict[BusinessDay, Exception] = field(default_factory=dict)

    def require_all_done(self) -> None:
        """Raise a single day's own error, or DaysFailed for one of several, unless all are done."""
        if len(self.failed) + len(self.done) == 1:
            for problem in self.failed.values():
                raise problem
        if self.failed:
            raise self._summed_up()

    def _summed_up(self) -> DaysFailed:
        (first, why), *others = sorted(self.failed.items())
        more = f"; and {len(others)} more" if others else ""
        days = len(self.failed) + len(self.done)
        summary = DaysFailed(
            f"{len(self.failed)} of {days} days failed: {first}: {sentence(why)}{more}"
        )
        summary.is_transient = any(
            getattr(problem, "is_transient", False) for problem in self.failed.values()
        )
        return summary

    def then(self, step: Callable[[BusinessDay, Result], Further]) -> DayOutcomes[Further]:
        """Take each good day one step further; a day whose step fails becomes a failed one."""
        following = DayOutcomes[Further](failed=dict(self.failed))
        for day, result in self.done.items():
            try:
                following.done[day] = step(day, result)
            except ClaimLost:
                raise
            except Exception as problem:
                following.failed[day] = problem
        return following


def each_good_day(
    days: Sequence[BusinessDay],
    attempt: Callable[[Sequence[BusinessDay]], Mapping[BusinessDay, Result]],
    on_retry: Callable[[str], None] = lambda _: None,
) -> DayOutcomes[Result]:
    """The result of ``attempt`` for every day that has one, found by halving a batch that fails.

    ``attempt`` must be safe to repeat for a day. A lost claim ends everything and is raised.
    """
    outcomes: DayOutcomes[Result] = DayOutcomes()
    batches = [list(days)] if days else []
    while batches:
        batch = batches.pop(0)
        try:
            outcomes.done |= attempt(batch)
        except ClaimLost:
            raise
        except Exception as problem:
            if len(batch) == 1 or _concerns_all_days(problem) or _seems_down(outcomes, problem):
                outcomes.failed |= dict.fromkeys(batch, problem)
                continue
            on_retry(
                f"{batch[0]} to {batch[-1]} failed together ({sentence(problem)}): trying the "
                "halves apart"
            )
            middle = len(batch) // 2
            batches[:0] = [batch[:middle], batch[middle:]]
    return outcomes


def each_day(
    days: Sequence[BusinessDay], work: Callable[[BusinessDay], Result]
) -> DayOutcomes[Result]:
    """The result of ``work`` for every day that has one, one day after the other."""
    return DayOutcomes(dict.fromkeys(days)).then(lambda day, _: work(day))


def sentence(problem: Exception) -> str:
    """What an error says to a person; an unforeseen one also says that it is a defect."""
    return str(problem) if isinstance(problem, SynkroError) else f"internal: {problem!r}"


def _seems_down(outcomes: DayOutcomes[Result], problem: Exception) -> bool:
    is_transient = isinstance(problem, SynkroError) and problem.is_transient
    return is_transient and not outcomes.done and len(outcomes.failed) >= _LOST_DAYS_BEFORE_HASTE


def _concerns_all_days(problem: Exception) -> bool:
    if isinstance(problem, ProviderRefused):
        return problem.status in _REFUSED_WHOEVER_ASKS
    return isinstance(problem, _CONCERNS_ALL_DAYS)
