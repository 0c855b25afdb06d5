"""One bad day does not cost the others, however the bad ones lie."""

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synkro_assets.domain.business_day import BusinessDay, days_between
from synkro_assets.domain.errors import (
    ClaimLost,
    DaysFailed,
    IncompleteFetch,
    ProviderRefused,
    ProviderUnavailable,
    TokenExpired,
    UsageProblem,
)
from synkro_assets.operations.day_batches import each_day, each_good_day, sentence

DAYS = days_between(BusinessDay(date(2026, 3, 1)), BusinessDay(date(2026, 3, 30)))
DAY = DAYS[0]


class Source:
    """Answers a batch of days unless one of them is bad."""

    def __init__(self, bad: dict[BusinessDay, Exception]) -> None:
        self.bad, self.asked = bad, 0

    def __call__(self, days: Sequence[BusinessDay]) -> dict[BusinessDay, str]:
        self.asked += 1
        for day in days:
            if day in self.bad:
                raise self.bad[day]
        return {day: day.isoformat() for day in days}


@given(st.sets(st.sampled_from(DAYS)))
def test_every_good_day_is_done_and_every_bad_one_named(bad: set[BusinessDay]) -> None:
    source = Source({day: UsageProblem(f"{day} is bad") for day in bad})
    outcomes = each_good_day(DAYS, source)
    assert outcomes.done == {day: day.isoformat() for day in DAYS if day not in bad}
    assert {day: str(why) for day, why in outcomes.failed.items()} == {
        day: f"{day} is bad" for day in bad
    }


def test_a_range_without_trouble_is_asked_for_once() -> None:
    source = Source({})
    assert list(each_good_day(DAYS, source).done) == DAYS
    assert source.asked == 1


def test_one_bad_day_of_thirty_costs_a_few_batches() -> None:
    source = Source({DAYS[17]: IncompleteFetch("short")})
    assert list(each_good_day(DAYS, source).failed) == [DAYS[17]]
    assert source.asked <= 11


@pytest.mark.parametrize(
    "problem",
    [TokenExpired("amocrm", "reconnect"), ProviderRefused("amocrm", "no rights", status=403)],
)
def test_trouble_with_the_account_is_not_asked_about_day_by_day(problem: Exception) -> None:
    source = Source(dict.fromkeys(DAYS, problem))
    assert list(each_good_day(DAYS, source).failed) == DAYS
    assert source.asked == 1


def test_a_source_that_is_down_is_not_asked_thirty_times() -> None:
    source = Source(dict.fromkeys(DAYS, ProviderUnavailable("radist", "down")))
    assert len(each_good_day(DAYS, source).failed) == len(DAYS)
    assert source.asked <= 12


def test_a_lost_claim_ends_everything() -> None:
    with pytest.raises(ClaimLost):
        each_good_day(DAYS, Source({DAYS[3]: ClaimLost("gone")}))
    with pytest.raises(ClaimLost):
        each_good_day([DAY], Source({})).then(lambda day, _: _raise(ClaimLost("gone")))


def test_a_later_step_fails_its_own_day_only() -> None:
    def step(day: BusinessDay, result: str) -> int:
        return int(result[-2:]) if day != DAYS[1] else _raise(KeyError("id"))

    outcomes = each_good_day(DAYS[:3], Source({})).then(step)
    assert outcomes.done == {DAYS[0]: 1, DAYS[2]: 3}
    assert sentence(outcomes.failed[DAYS[1]]) == "internal: KeyError('id')"


def test_a_single_day_raises_its_own_error_and_several_are_summed_up() -> None:
    alone = each_day([DAY], lambda day: _raise(UsageProblem("no key")))
    with pytest.raises(UsageProblem, match=r"^no key$"):
        alone.require_all_done()
    several = each_good_day(DAYS, Source({DAYS[4]: IncompleteFetch("short")}))
    with pytest.raises(DaysFailed, match=r"^1 of 30 days failed: 2026-03-05: short$") as raised:
        several.require_all_done()
    assert raised.value.is_transient
    each_day(DAYS, str).require_all_done()


def _raise(problem: Exception) -> int:
    raise problem
