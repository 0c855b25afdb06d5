"""No way of paging loses or repeats a row, also when rows move while it reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synkro_assets.domain.errors import IncompleteFetch
from synkro_assets.providers.pagination import (
    Page,
    Row,
    ascending_pages,
    linked_pages,
    settled_pages,
    walked_pages,
)


def by_id(row: Row) -> int:
    return row["id"]


def ids(pages) -> list[int]:
    return [row["id"] for page in pages for row in page]


@given(st.lists(st.lists(st.integers(0, 30), max_size=5), min_size=1, max_size=8))
def test_links_are_followed_to_the_end_and_each_row_comes_once(pages):
    def fetch(link):
        number = int(link or 0)
        following = str(number + 1) if number + 1 < len(pages) else None
        return Page([{"id": i} for i in pages[number]], following)

    found = ids(linked_pages(fetch, by_id))
    assert sorted(found) == sorted({i for page in pages for i in page})


def test_a_link_that_comes_twice_is_an_incomplete_fetch():
    with pytest.raises(IncompleteFetch):
        list(linked_pages(lambda link: Page([{"id": 1}], "again"), by_id))


class AscendingFeed:
    """Rows in a window by stamp; between pages some of them leave it, being changed again."""

    def __init__(self, stamps, size, leaves, honours_bound=True):
        self.rows = [{"id": i, "stamp": s} for i, s in enumerate(stamps)]
        self.size, self.leaves, self.honours_bound = size, list(leaves), honours_bound
        self.left: set[int] = set()

    def fetch(self, since, link):
        offset = int(link.split("/")[1]) if link else 0
        since = int(link.split("/")[0]) if link else since
        bound = since if self.honours_bound else 0
        rows = sorted((r for r in self.rows if r["stamp"] >= bound), key=lambda r: r["stamp"])
        page = [dict(r) for r in rows[offset : offset + self.size]]
        more = len(rows) > offset + self.size
        if self.leaves and self.rows:
            gone = self.rows.pop(self.leaves.pop() % len(self.rows))
            self.left.add(gone["id"])
        return Page(page, f"{since}/{offset + self.size}" if more else None)


def test_rows_that_leave_a_cluster_of_one_stamp_pull_no_other_row_over_an_edge():
    feed = AscendingFeed([7] * 8, 3, [0])
    found = ids(ascending_pages(feed.fetch, 0, by_id, lambda r: r["stamp"]))
    assert sorted(found) == list(range(8))


@given(
    st.lists(st.integers(0, 4), max_size=30),
    st.integers(1, 4),
    st.lists(st.integers(0, 29), max_size=12),
    st.booleans(),
)
def test_no_row_is_lost_beside_those_that_leave_however_they_crowd(stamps, size, leaves, honours):
    feed = AscendingFeed(stamps, size, leaves, honours)
    found = ids(ascending_pages(feed.fetch, 0, by_id, lambda r: r["stamp"]))
    assert len(found) == len(set(found))
    assert set(range(len(stamps))) - feed.left <= set(found)


@given(
    st.lists(st.integers(0, 4), max_size=30),
    st.integers(1, 4),
    st.lists(st.integers(0, 29), max_size=12),
    st.booleans(),
)
def test_what_is_asked_ahead_is_what_is_fetched_next(stamps, size, leaves, honours):
    feed, told, wasted = AscendingFeed(stamps, size, leaves, honours), [], []

    def fetch(since, link):
        if told and told.pop() != (since, link):
            wasted.append((since, link))
        return feed.fetch(since, link)

    def ahead(since):
        told.append((since, None))

    list(ascending_pages(fetch, 0, by_id, lambda r: r["stamp"], ahead))
    assert (told, wasted) == ([], [])


def test_pages_that_never_settle_are_an_incomplete_fetch():
    feed = AscendingFeed([7] * 300, 60, [0] * 290)
    with pytest.raises(IncompleteFetch, match="change faster"):
        list(ascending_pages(feed.fetch, 0, by_id, lambda r: r["stamp"]))


@given(st.integers(0, 20), st.integers(1, 4), st.lists(st.integers(0, 29), max_size=12))
def test_a_feed_without_order_that_rows_leave_is_read_until_it_has_settled(count, size, leaves):
    feed = AscendingFeed([0] * count, size, leaves)
    found = ids(settled_pages(lambda link: feed.fetch(0, link), by_id))
    assert set(range(count)) - feed.left <= set(found)
    assert len(found) == len(set(found))


@given(
    st.lists(st.integers(0, 1000), unique=True, max_size=30),
    st.integers(2, 5),
    st.lists(st.integers(0, 29), max_size=10),
)
def test_rows_that_leave_the_window_pull_no_other_row_over_an_edge(stamps, size, leaves):
    feed = AscendingFeed(stamps, size, leaves)
    found = ids(ascending_pages(feed.fetch, 0, by_id, lambda r: r["stamp"]))
    assert len(found) == len(set(found))
    assert set(range(len(stamps))) - feed.left <= set(found)


@given(st.lists(st.integers(0, 4), max_size=30), st.integers(2, 4), st.booleans())
def test_clusters_of_one_stamp_and_a_server_that_ignores_the_bound_are_read(stamps, size, honours):
    feed = AscendingFeed(stamps, size, [], honours)
    found = ids(ascending_pages(feed.fetch, 0, by_id, lambda r: r["stamp"]))
    assert sorted(found) == list(range(len(stamps)))


@pytest.mark.parametrize("end", [None, ""])
def test_an_empty_or_absent_cursor_ends_the_feed(end):
    assert ids(page.rows for page in walked_pages(lambda _: Page([{"id": 1}], end))) == [1]


def test_a_repeated_cursor_is_an_incomplete_fetch():
    pages = walked_pages(lambda _: Page([{"id": 1}], "same"))
    with pytest.raises(IncompleteFetch):
        list(pages)
