"""Rows in the background: none is lost without need, none holds anybody up."""

from __future__ import annotations

import gc
import logging
import os
import threading
import time
import weakref

import pytest

from synkro_assets.storage.background_rows import BATCH, BackgroundRows


class Store:
    """What is written to; fails while it is away, waits while it is held."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.is_away = False
        self.refuses: set[int] = set()
        self.may_pass = threading.Event()
        self.may_pass.set()
        self.asked = threading.Event()
        self.released = 0

    def write(self, rows):
        self.asked.set()
        self.may_pass.wait()
        if self.is_away:
            raise OSError("no database")
        self.rows += [row for row in rows if row not in self.refuses]
        return len(self.refuses.intersection(rows))

    def release(self):
        self.released += 1


@pytest.fixture
def store():
    held = Store()
    yield held
    held.may_pass.set()


@pytest.fixture
def rows(store):
    queue = BackgroundRows(
        "log of a test", store.write, store.release, interval=0.01, capacity=1000
    )
    yield queue
    store.may_pass.set()
    queue.close()


def test_closing_writes_what_is_queued_in_order(rows, store):
    for number in range(2 * BATCH + 7):
        rows.put(number)
    rows.close()
    assert store.rows == list(range(2 * BATCH + 7))
    assert (rows.dropped, store.released) == (0, 1)


def test_rows_are_written_without_being_asked_to(rows, store):
    rows.put(1)
    assert store.asked.wait(5)


def test_a_row_after_closing_begins_again(rows, store):
    rows.put(1)
    rows.close()
    rows.put(2)
    rows.close()
    assert store.rows == [1, 2]


def test_rows_wait_for_a_database_that_comes_back(rows, store):
    store.is_away = True
    rows.put(1)
    assert store.asked.wait(5)
    store.is_away = False
    rows.put(2)
    rows.close()
    assert (store.rows, rows.dropped) == ([1, 2], 0)


def test_rows_that_cannot_be_written_at_the_end_are_counted_and_told_once(rows, store, caplog):
    store.is_away = True
    for _ in range(2):
        for number in range(5):
            rows.put(number)
        rows.close()
    assert rows.dropped == 10
    told = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert len(told) == 1
    assert "no database" in told[0].getMessage()


def test_a_refused_row_does_not_cost_the_others(rows, store):
    store.refuses = {2}
    for number in range(4):
        rows.put(number)
    rows.close()
    assert (store.rows, rows.dropped) == ([0, 1, 3], 1)


def test_a_full_queue_drops_the_newest_and_nobody_waits(rows, store):
    store.may_pass.clear()
    started = time.monotonic()
    for number in range(1500):
        rows.put(number)
    assert time.monotonic() - started < 1
    assert rows.dropped == 500
    store.may_pass.set()
    rows.close()
    assert store.rows == list(range(1000))


def test_closing_waits_no_longer_than_its_patience(rows, store):
    store.may_pass.clear()
    rows.put(1)
    assert store.asked.wait(5)
    rows.put(2)
    started = time.monotonic()
    rows.close(patience=0.1)
    assert time.monotonic() - started < 1
    assert rows.dropped == 2


def test_the_thread_ends_when_nothing_comes(store):
    queue = BackgroundRows("idle log", store.write, store.release, interval=0.01, idle=0.02)
    queue.put(1)
    (thread,) = [each for each in threading.enumerate() if each.name == "synkro-idle log"]
    thread.join(5)
    assert not thread.is_alive()
    queue.put(2)
    queue.close()
    assert store.rows == [1, 2]


def test_many_threads_lose_nothing(rows, store):
    def put(first):
        for number in range(first, first + 100):
            rows.put(number)

    threads = [threading.Thread(target=put, args=(first,)) for first in range(0, 800, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows.close()
    assert sorted(store.rows) == list(range(800))


def test_a_forked_process_writes_its_own_rows_and_leaves_the_others(tmp_path):
    def write(batch):
        with (tmp_path / str(os.getpid())).open("a") as file:
            file.writelines(f"{row}\n" for row in batch)
        return 0

    queue = BackgroundRows("forked log", write, interval=60)
    queue.put(1)
    child = os.fork()
    if child == 0:
        queue.put(2)
        queue.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    queue.close()
    assert (tmp_path / str(child)).read_text() == "2\n"
    assert (tmp_path / str(os.getpid())).read_text() == "1\n"


def test_a_closed_queue_goes_with_its_owner(store):
    queue = BackgroundRows("short log", store.write, store.release, interval=0.01)
    queue.put(1)
    queue.close()
    remembered = weakref.ref(queue)
    del queue
    gc.collect()
    assert remembered() is None
