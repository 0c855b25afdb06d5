"""The pace: never more than the rate in any second, pauses kept, the rate grown back."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from synkro_assets.domain.pacing import (
    SOON,
    Pace,
    departing,
    granted,
    granted_ahead,
    granted_together,
    left_late,
    refused,
)

START = 1.7e9
WHOLE_RATES = st.integers(min_value=1, max_value=60)

# What happens: requests asked for after a gap, some leaving late, and refusals for speed.
ASKS = st.tuples(st.just("ask"), st.floats(0, 3), st.floats(0, 0.5))
REFUSALS = st.tuples(st.just("refuse"), st.floats(0, 3), st.floats(0, 90))
STORIES = st.lists(st.one_of(ASKS, ASKS, ASKS, REFUSALS), max_size=60)


@given(STORIES, WHOLE_RATES)
def test_no_second_holds_more_requests_than_the_rate(story, rate):
    now, pace, moments = START, Pace(), []
    for kind, gap, value in story:
        now += gap / rate
        if kind == "refuse":
            pace = refused(pace, now, value)
            continue
        pace, at = granted(pace, now, rate)
        assert at >= now
        pace = left_late(pace, at, value)
        moments.append(at + value)
        now = max(now, at + value)
    for number in range(len(moments) - rate):
        assert moments[number + rate] - moments[number] >= 1


@given(st.lists(st.floats(0, 0.1), min_size=1, max_size=80), WHOLE_RATES)
def test_requests_asked_at_once_by_many_processes_keep_the_rate(gaps, rate):
    now, pace, moments = START, Pace(), []
    for gap in gaps:
        now += gap
        pace, at = granted(pace, now, rate)
        moments.append(at)
    assert moments == sorted(moments)
    for number in range(len(moments) - rate):
        assert moments[number + rate] - moments[number] >= 1


@given(
    st.lists(st.tuples(st.floats(0, 0.05), st.floats(0, SOON)), min_size=1, max_size=120),
    st.integers(1, 200),
)
def test_moments_taken_ahead_keep_the_rate_though_requests_leave_late(asks, rate):
    now, pace, ahead, moments = START, Pace(), [], []
    for gap, late in asks:
        now += gap
        ahead = [at for at in ahead if now - at <= SOON]
        if not ahead:
            pace, ahead = granted_ahead(pace, now, rate)
        at = ahead.pop(0)
        now = max(now, at)
        moments.append(min(now + late, at + SOON))
    moments.sort()
    for number in range(len(moments) - rate):
        assert moments[number + rate] - moments[number] >= 1


def test_as_many_moments_are_taken_ahead_as_are_soon():
    pace, moments = granted_ahead(Pace(), START, 1000)
    assert moments[0] == START
    assert 10 < len(moments) <= 15
    assert moments[-1] - START <= SOON
    assert pace.recent == tuple(moments)
    # Whoever has to wait for longer takes no more than it waits for.
    assert len(granted_ahead(pace, START, 1000)[1]) == 1
    assert len(granted_ahead(Pace(), START, 7)[1]) == 1


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 0.5)), max_size=60))
def test_a_request_through_two_buckets_keeps_the_distance_of_both(asks):
    rates = {"all": 5.0, "chats": 1.0}
    now, paces, moments, slow = START, dict.fromkeys(rates, Pace()), [], []
    for is_slow, gap in asks:
        now += gap
        asked = rates if is_slow else {"all": 5.0}
        taken, at = granted_together({name: paces[name] for name in asked}, now, asked)
        paces |= taken
        moments.append(at)
        slow += [at] if is_slow else []
    assert all(later - earlier >= 1 for earlier, later in pairwise(slow))
    assert all(later - earlier >= 1 for earlier, later in zip(moments, moments[5:], strict=False))


@given(st.lists(st.floats(0, 0.4), min_size=40, max_size=40), st.integers(1, 6), WHOLE_RATES)
def test_workers_that_wake_late_keep_the_rate_because_each_looks_again(lateness, workers, rate):
    pace, moments, late = Pace(), [], iter(lateness)
    waking: list[tuple[float, float]] = []
    for _ in range(workers):
        pace, at = granted(pace, START, rate)
        waking.append((at + next(late), at))
    for extra in late:
        now, at = min(waking)
        waking.remove((now, at))
        leaves = departing(pace, at, now, rate)
        pace = left_late(pace, at, leaves - at)
        if leaves > now:
            waking.append((leaves + extra, leaves))
            continue
        moments.append(now)
        pace, at = granted(pace, now, rate)
        waking.append((max(now, at) + extra, at))
    assert all(b - a >= 1 for a, b in zip(moments, moments[rate:], strict=False))


@given(st.floats(0.1, 50), st.integers(2, 100))
def test_a_long_queue_takes_no_more_than_five_hundredths_longer(rate, requests):
    pace, at = Pace(), START
    for _ in range(requests):
        pace, at = granted(pace, START, rate)
    assert at - START <= 1.05 * requests / rate


@given(STORIES, st.floats(0, 600), st.floats(0, 600))
def test_nothing_leaves_before_the_longest_pause_is_over(story, first, second):
    now, pace = START, Pace()
    for kind, gap, value in story:
        now += gap
        pace = refused(pace, now, value) if kind == "refuse" else granted(pace, now, 7)[0]
    pace = refused(refused(pace, now, first), now, second)
    assert granted(pace, now, 7)[1] >= now + max(first, second)


@given(st.lists(st.floats(0, 30), min_size=1, max_size=10))
def test_the_whole_rate_comes_back_after_any_number_of_refusals(pauses):
    now, pace = START, Pace()
    for pause in pauses:
        pace = refused(pace, now, pause)
        assert pace.share_now(now) <= 0.5
        now += pause + 1
    assert pace.share_now(now + 120) == 1
    assert pace.share_now(now + 10) > pace.share_now(now)


def test_after_a_refusal_the_distance_doubles():
    pace = refused(Pace(), START, 1)
    moments = []
    for _ in range(15):
        pace, at = granted(pace, START, 7)
        moments.append(at)
    assert moments[0] == START + 1
    assert abs(moments[7] - moments[0] - 2.06) < 0.001


def test_refusals_of_requests_that_left_together_halve_once():
    pace = Pace()
    for _ in range(3):
        pace = refused(pace, START, 1)
    assert pace.share == 0.5
