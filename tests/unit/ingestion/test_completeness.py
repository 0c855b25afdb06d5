"""A fetch that is shorter than the source said it would be is refused."""

from __future__ import annotations

import pytest

from synkro_assets.domain.errors import IncompleteFetch
from synkro_assets.ingestion.completeness import require_messages, require_no_shrink


def test_a_whole_fetch_passes() -> None:
    require_messages([])


def test_silent_chats_are_counted_and_the_first_are_named() -> None:
    with pytest.raises(IncompleteFetch, match=r"in 7 chats but answered none \(1, 2, 3, 4, 5, …\)"):
        require_messages(range(1, 8))


@pytest.mark.parametrize(("answered", "stored"), [(10, 20), (1, 19), (0, 4), (20, 20), (30, 20)])
def test_a_day_that_answers_about_what_is_stored_is_taken(answered: int, stored: int) -> None:
    require_no_shrink("the feed", answered, stored)


@pytest.mark.parametrize(("answered", "stored"), [(9, 20), (0, 20), (0, 5), (499, 1000)])
def test_a_day_that_answers_less_than_half_of_what_is_stored_is_refused(
    answered: int, stored: int
) -> None:
    with pytest.raises(IncompleteFetch, match=f"answered {answered} of {stored} that are stored"):
        require_no_shrink("the feed", answered, stored)
