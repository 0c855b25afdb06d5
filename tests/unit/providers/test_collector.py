"""The garbage collector is put off where it would be in the way, and is back afterwards."""

from __future__ import annotations

import gc

import pytest

from synkro_assets.providers.collector import no_collection, rare_collections


def test_nothing_is_collected_inside_the_block() -> None:
    with no_collection():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_young_objects_are_looked_through_less_often_while_much_is_read() -> None:
    before = gc.get_threshold()

    with rare_collections():
        young, *older = gc.get_threshold()

    assert young > 10 * before[0]
    assert tuple(older) == before[1:]
    assert gc.get_threshold() == before


def test_collections_are_as_before_when_reading_fails() -> None:
    before = gc.get_threshold()

    with pytest.raises(LookupError), rare_collections(), no_collection():
        raise LookupError

    assert gc.get_threshold() == before
    assert gc.isenabled()
