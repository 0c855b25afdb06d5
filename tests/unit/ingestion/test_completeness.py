"""A fetch that is shorter than the source said it would be is refused."""

from __future__ import annotations

import pytest

from synkro_assets.domain.errors import IncompleteFetch
from synkro_assets.ingestion.completeness import require_messages


def test_a_whole_fetch_passes() -> None:
    require_messages([])


def test_silent_chats_are_counted_and_the_first_are_named() -> None:
    with pytest.raises(IncompleteFetch, match=r"in 7 chats but answered none \(1, 2, 3, 4, 5, …\)"):
        require_messages(range(1, 8))
