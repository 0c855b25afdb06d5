"""One question ahead: its answer is had by who asks for it, its failure too, and by nobody else."""

from __future__ import annotations

import threading

import pytest

from synkro_assets.providers.read_ahead import ReadAhead


def test_an_answer_that_was_asked_for_ahead_is_not_asked_for_again():
    ahead, asked = ReadAhead(), []
    ahead.begin("page 2", lambda: asked.append("ahead") or "rows")
    assert ahead.get("page 2", lambda: asked.append("now")) == "rows"
    assert asked == ["ahead"]
    assert ahead.get("page 2", lambda: "rows as they are by now") == "rows as they are by now"


def test_the_question_is_under_way_while_its_answer_is_not_needed_yet():
    ahead, begun, go_on = ReadAhead(), threading.Event(), threading.Event()

    def ask():
        begun.set()
        assert go_on.wait(10)
        return "rows"

    ahead.begin("page 2", ask)
    assert begun.wait(10)
    go_on.set()
    assert ahead.get("page 2", pytest.fail) == "rows"


def test_another_question_is_asked_only_after_the_one_under_way_has_ended():
    ahead, order, go_on = ReadAhead(), [], threading.Event()

    def ask():
        assert go_on.wait(10)
        order.append("ahead")

    ahead.begin("page 2", ask)
    threading.Timer(0.05, go_on.set).start()
    assert ahead.get("another", lambda: order.append("now") or "other rows") == "other rows"
    assert order == ["ahead", "now"]


def test_a_failure_is_raised_to_who_asks_for_the_answer_and_to_nobody_else():
    def fail():
        raise LookupError("refused")

    ahead = ReadAhead()
    ahead.begin("page 2", fail)
    with pytest.raises(LookupError, match="refused"):
        ahead.get("page 2", pytest.fail)
    ahead.begin("page 2", fail)
    assert ahead.get("another", lambda: "rows") == "rows"
    ahead.begin("page 2", fail)
    ahead.close()


def test_closing_does_not_wait_long_for_an_answer_that_nobody_wants(monkeypatch):
    monkeypatch.setattr("synkro_assets.providers.read_ahead._PATIENCE_SECONDS", 0.01)
    ahead, go_on = ReadAhead(), threading.Event()
    ahead.begin("page 2", lambda: go_on.wait(10))
    ahead.close()
    assert not go_on.is_set()
    go_on.set()
