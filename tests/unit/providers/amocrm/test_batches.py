"""How many ids one address takes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from synkro_assets.providers.amocrm.batches import Batches

ADDRESS = "https://company.amocrm.ru/api/v4/contacts?limit=250"
IDS = st.sets(st.integers(10_000_000, 10_001_500), max_size=1_500)


@given(IDS, IDS)
def test_ids_that_are_known_later_cost_no_batch_more(first: set[int], later: set[int]) -> None:
    batches = Batches()

    whole, rest = batches.whole(first, ADDRESS)

    assert {*whole, *rest} == first
    left = {*rest, *later}.difference(whole)
    apart = [*batches.of(whole, ADDRESS), *batches.of(left, ADDRESS)]
    assert len(apart) == len([*batches.of(first | later, ADDRESS)])
    assert sorted(each for batch in apart for each in batch) == sorted(first | later)
