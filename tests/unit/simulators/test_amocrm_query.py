"""What amoCRM's range filters keep of a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from synkro_assets.simulators.amocrm.query import cut, within

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
SECONDS = int(NOON.timestamp())
NEAR = st.integers(-5, 5)


@dataclass(frozen=True)
class Changed:
    updated_at: datetime


@given(st.lists(st.floats(-6, 6)), NEAR, NEAR)
def test_a_list_in_order_is_cut_to_what_is_within_the_range(
    after_noon: list[float], low: int, high: int
) -> None:
    rows = [Changed(NOON + timedelta(seconds=each)) for each in sorted(after_noon)]
    span = (SECONDS + low, SECONDS + high)
    is_within = within({"updated_at": span})

    assert cut(rows, "updated_at", span) == [row for row in rows if is_within(row)]
