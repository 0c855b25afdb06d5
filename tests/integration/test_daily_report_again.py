"""Materializing a reported day once more: the same rows, and nothing is sent twice."""

from tests.runs import run, stored_rows
from tests.stage import Scene


def test_a_day_made_again_is_the_same_day(copied: Scene) -> None:
    before, chat = stored_rows(copied), copied.chat()
    again = run(copied)
    after = stored_rows(copied)
    assert {name for name in before if before[name] != after[name]} == set()
    assert all(before[name] for name in ("raw.radist_messages", "marts.fct_dialogs"))
    assert copied.chat() == chat
    assert len(again.run_ids) == 2
    assert [part.attempts for part in again.parts] == [1] * len(again.parts)
