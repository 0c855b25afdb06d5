"""Walking a feed of contacts that moves, within a limit of pages and over several runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synkro_assets.domain.business_day import Window
from synkro_assets.domain.errors import IncompleteFetch, ProviderRefused
from synkro_assets.ingestion.radist_feed import ChatFeed, FeedPlace

START = datetime(2026, 3, 3, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=1))


@dataclass
class Page:
    rows: list[dict[str, Any]]
    next: str | None


@dataclass
class Company:
    """Contacts by the minute of their last activity; two on a page, cursors name a place in time.

    ``forgets`` refuses every cursor of an earlier run. ``asked`` counts the pages of a run, and
    ``happens`` is who speaks when so many were asked for.
    """

    spoke: dict[int, int]
    forgets: bool = False
    asked: int = 0
    given: set[str] = field(default_factory=set)
    happens: dict[int, dict[int, int]] = field(default_factory=dict)

    def contact_pages(self, cursor: str | None = None) -> Iterator[Page]:
        if cursor is not None and cursor not in self.given and self.forgets:
            raise ProviderRefused("Radist", "the cursor has expired", status=400)
        while True:
            self.asked += 1
            self.spoke |= self.happens.get(self.asked, {})
            order = sorted(self.spoke.items(), key=lambda each: (-each[1], each[0]))
            if cursor is not None:
                minute, contact_id = map(int, cursor.split("|"))
                order = [each for each in order if (-each[1], each[0]) > (-minute, contact_id)]
            chosen = order[:2]
            cursor = f"{chosen[-1][1]}|{chosen[-1][0]}" if len(order) > 2 else None
            self.given |= {cursor} if cursor else set()
            yield Page([self._contact(*each) for each in chosen], cursor)
            if cursor is None:
                return

    def next_run(self) -> None:
        self.asked, self.given = 0, set()

    @staticmethod
    def _contact(contact_id: int, minute: int) -> dict[str, Any]:
        at = (START + timedelta(minutes=minute)).isoformat()
        chat = {"chat_id": contact_id * 10, "last_message": {"created_at": at}}
        return {"contact_id": contact_id, "last_chat_updated_at": at, "chats": [chat]}


def run(company: Company, most_pages: int, before: FeedPlace | None = None) -> ChatFeed:
    company.next_run()
    place = FeedPlace.stored(before.to_store()) if before else FeedPlace()
    feed = ChatFeed(company, WINDOW, datetime.fromisoformat, most_pages, place)
    feed.read()
    return feed


def runs(company: Company, most_pages: int) -> list[ChatFeed]:
    """Each run's feed, until all is seen."""
    found = [run(company, most_pages)]
    while not found[-1].is_whole:
        assert len(found) < 30, "the runs come to an end"
        found.append(run(company, most_pages, found[-1].place))
    return found


def chats(feeds: list[ChatFeed]) -> set[int]:
    return {chat_id for feed in feeds for chat_id in feed.found}


@pytest.mark.parametrize("forgets", [False, True])
@pytest.mark.parametrize("most_pages", [1, 2, 3, 9])
def test_the_runs_together_see_every_chat_whether_cursors_last_or_not(
    most_pages: int, forgets: bool
) -> None:
    company = Company({each: 100 - each for each in range(1, 12)}, forgets)

    found = runs(company, most_pages)

    assert chats(found) == {each * 10 for each in range(1, 12)}
    assert len(found) <= -(-6 // most_pages) + 1
    seen: set[int] = set()
    for each in found:
        assert len(each.found.keys() - seen) <= 2 * most_pages
        seen |= each.found.keys()


def test_a_run_goes_on_at_the_page_where_the_last_one_stopped() -> None:
    company = Company({each: 100 - each for each in range(1, 12)})
    first = run(company, 2)

    second = run(company, 2, first.place)

    assert sorted(first.found) == [10, 20, 30, 40]
    assert sorted(second.found) == [50, 60, 70, 80]
    assert company.asked == 3, "its two pages and one to see that more is left"


@pytest.mark.parametrize("forgets", [False, True])
def test_a_contact_that_jumps_between_two_runs_is_not_lost(forgets: bool) -> None:
    company = Company({each: 100 - each for each in range(1, 12)}, forgets)
    first = run(company, 3)
    company.spoke |= {9: 200, 3: 201, 11: 202}

    found = [first]
    while not found[-1].is_whole:
        found.append(run(company, 3, found[-1].place))

    assert chats(found) == {each * 10 for each in range(1, 12)}


@given(st.dictionaries(st.integers(1, 15), st.sets(st.integers(1, 11), max_size=2)))
def test_whoever_speaks_while_the_feed_is_read_nobody_is_lost(
    speaking: dict[int, set[int]],
) -> None:
    happens = {asked: dict.fromkeys(who, 100 + asked) for asked, who in speaking.items()}
    company = Company({each: 100 - each for each in range(1, 12)}, happens=happens)

    found = run(company, 99)

    assert found.is_whole
    assert chats([found]) == {each * 10 for each in range(1, 12)}


def test_a_contact_is_not_lost_behind_known_ones_that_jumped_after_it() -> None:
    company = Company({each: 100 - each for each in range(1, 12)})
    first = run(company, 3)
    # The unread one jumped first; the head page holds only contacts that were read.
    company.spoke |= {9: 200, 1: 201, 2: 202}

    assert 90 in chats([first, *_rest(company, first)])


def _rest(company: Company, first: ChatFeed) -> list[ChatFeed]:
    found = [first]
    while not found[-1].is_whole:
        found.append(run(company, 3, found[-1].place))
    return found[1:]


def test_a_run_that_needs_all_chats_again_counts_no_page_it_knows() -> None:
    company = Company({each: 100 - each for each in range(1, 12)})
    seen = runs(company, 3)[-1]

    again = run(company, 1, seen.place.from_the_head())

    assert again.is_whole
    assert again.is_listed
    assert len(again.found) == 11


class Refusing(Company):
    def contact_pages(self, cursor: str | None = None) -> Iterator[Page]:
        raise ProviderRefused("Radist", "the API key is not accepted", status=401)
        yield


def test_a_refusal_of_the_account_is_not_taken_for_an_old_cursor() -> None:
    company = Company({1: 5, 2: 4, 3: 3})
    place = run(company, 1).place

    with pytest.raises(ProviderRefused, match="API key"):
        run(Refusing(company.spoke), 1, place)


def test_who_joins_a_crowd_of_one_instant_behind_the_page_that_is_read_is_not_lost() -> None:
    crowd = dict.fromkeys([1, 2, 4, 5, 6], 100)
    company = Company({**crowd, 7: 50, 3: 1}, happens={3: {3: 100}})

    feed = run(company, 9)

    assert sorted(feed.found) == [10, 20, 30, 40, 50, 60, 70]
    assert feed.is_whole


def test_who_joins_a_crowd_and_then_leaves_it_for_the_head_is_not_lost() -> None:
    crowd = dict.fromkeys([1, 2, 4, 5, 6], 100)
    # The first walk takes four pages; the second has read a page when the contact leaves.
    company = Company({**crowd, 7: 50, 3: 1}, happens={3: {3: 100}, 6: {3: 101}})

    assert 30 in run(company, 9).found


def test_a_crowd_that_rests_is_read_until_two_walks_agree() -> None:
    company = Company(dict.fromkeys(range(1, 8), 100))

    feed = run(company, 9)

    assert feed.is_whole
    assert company.asked == 4 * 3, "to find them, to see nothing new, and once more"


def test_a_crowd_that_never_rests_is_refused_in_words() -> None:
    company = Company(dict.fromkeys(range(1, 8), 100))
    company.happens = {each: {1 + each % 7: 100 + each} for each in range(1, 400, 2)}

    with pytest.raises(IncompleteFetch, match="still changed"):
        run(company, 9)
