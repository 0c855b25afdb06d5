"""A fetch that is shorter than the source said it would be is refused."""

from __future__ import annotations

import pytest

from synkro_assets.domain.errors import IncompleteFetch
from synkro_assets.ingestion.completeness import require_all, require_messages


def test_a_whole_fetch_passes() -> None:
    require_all("leads", [1, 2], [2, 1, 3])
    require_messages([])


def test_missing_ids_are_counted_and_the_first_named() -> None:
    with pytest.raises(IncompleteFetch, match=r"^7 leads .*\(1, 2, 3, 4, 5, …\)"):
        require_all("leads", range(1, 9), [8])


def test_silent_chats_are_counted_and_named() -> None:
    with pytest.raises(IncompleteFetch, match=r"in 2 chats but answered none \(4, 9\)"):
        require_messages([4, 9])
