"""Which chats of Radist make a day, read from a feed that moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from synkro_assets.domain.business_day import Window
from synkro_assets.domain.errors import IncompleteFetch, ProviderRefused
from synkro_assets.ingestion.radist import (
    NOTHING_BEFORE,
    Before,
    Limits,
    RadistDay,
    fetch_day,
    raw_rows,
)

WINDOW = Window(datetime(2026, 3, 3, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC))
IN_DAY = WINDOW.start + timedelta(hours=12)
LATER = WINDOW.end + timedelta(hours=5)
LONG_AGO = WINDOW.start - timedelta(days=9)


def contact(contact_id: int, last: datetime | None = IN_DAY, **chat: Any) -> dict[str, Any]:
    """A contact with one chat, of the same number times ten; each has an instant of its own."""
    if last is IN_DAY:
        last = IN_DAY - timedelta(seconds=contact_id)
    said = {"created_at": last.isoformat()} if last else None
    chats = [{"chat_id": contact_id * 10, "connection_id": 1, "last_message": said, **chat}]
    at = last.isoformat() if last else None
    return {"contact_id": contact_id, "last_chat_updated_at": at, "chats": chats}


def message(text: str = "hi", **more: Any) -> dict[str, Any]:
    at = IN_DAY.isoformat()
    return {"message_id": "m1", "created_at": at, "direction": "inbound", "text": text, **more}


@dataclass
class Found:
    messages: list[dict[str, Any]]
    is_truncated: bool = False
    has_poison: bool = False
    reached: datetime | None = None
    is_unreadable: bool = False


@dataclass
class Page:
    rows: list[dict[str, Any]]
    next: str | None


@dataclass
class FakeRadist:
    """``scans`` are the feed as each reading of it finds it; the last one stays."""

    scans: list[list[list[dict[str, Any]]]]
    said: dict[int, Found] = field(default_factory=dict)
    default: Found = field(default_factory=lambda: Found([message()]))
    pages_read: list[int] = field(default_factory=list)
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    gone: frozenset[int] = frozenset()

    def connections(self) -> list[dict[str, Any]]:
        return [{"id": 1, "type": "whatsapp"}]

    def contact_pages(self, cursor: str | None = None) -> Iterator[Page]:
        scan = self.scans[min(len(self.pages_read), len(self.scans) - 1)]
        self.pages_read.append(0)
        for number, page in enumerate(scan, start=1):
            self.pages_read[-1] += 1
            yield Page(page, str(number) if number < len(scan) else None)

    def chat_messages(self, chat_id: int, since: datetime, until: datetime, pages: int) -> Found:
        self.asked.append((chat_id, since, until, pages))
        if chat_id in self.gone:
            raise ProviderRefused("Radist", "Radist answered 404", status=404)
        return self.said.get(chat_id, self.default)


def fetched(client: FakeRadist, pages: int = 50, before: Before = NOTHING_BEFORE) -> RadistDay:
    limits = Limits(pages, 3)
    return fetch_day(client, WINDOW, limits, datetime.fromisoformat, before=before)


def test_the_chats_that_spoke_are_read_within_the_window() -> None:
    client = FakeRadist([[[contact(1), contact(2, LATER)], [contact(3, LONG_AGO)]]])

    day = fetched(client)

    assert sorted(day.chats) == sorted(day.messages) == [10, 20]
    assert client.asked == [(each, WINDOW.start, WINDOW.end, 3) for each in (10, 20)]
    assert day.message_count == 2


@pytest.mark.parametrize("feed", [[], [[]]])
def test_a_company_without_any_chat_has_an_empty_day(feed: list[Any]) -> None:
    day = fetched(FakeRadist([feed]))

    assert (day.chats, day.messages) == ({}, {})


def test_a_contact_that_jumps_to_the_head_while_the_feed_is_read_is_not_lost() -> None:
    # Read page by page, contact 4 moved from the third page to the head after the first was read.
    first = [[contact(1), contact(2)], [contact(2), contact(3)]]
    then = [[contact(4), contact(1)], [contact(2), contact(3)]]
    client = FakeRadist([first, then])

    assert sorted(fetched(client).chats) == [10, 20, 30, 40]
    assert len(client.pages_read) == 3, "read until a head without news"


def test_a_contact_that_jumps_ahead_of_others_that_jump_too_is_not_lost() -> None:
    # Contact 4 moved to the head unread, and then so did two that had been read already.
    later = IN_DAY + timedelta(minutes=1)
    first = [[contact(1), contact(2)], [contact(3), contact(5)]]
    last = later + timedelta(seconds=1)
    then = [[contact(2, last), contact(1, later)], [contact(4, later), contact(3)], [contact(5)]]
    client = FakeRadist([first, then])

    assert sorted(fetched(client).chats) == [10, 20, 30, 40, 50]
    assert client.pages_read == [2, 3, 1]


def test_a_new_chat_of_a_known_contact_behind_others_that_jumped_is_not_lost() -> None:
    later = IN_DAY + timedelta(minutes=1)
    news = contact(3, later)
    news["chats"].append({**news["chats"][0], "chat_id": 31})
    first = [[contact(1), contact(2)], [contact(3), contact(4)]]
    client = FakeRadist([first, [[contact(1, later), contact(2, later)], [news, contact(4)]]])

    assert sorted(fetched(client).chats) == [10, 20, 30, 31, 40]


def test_a_feed_at_rest_is_read_once_and_its_head_again() -> None:
    pages = [[contact(1), contact(2)], [contact(3), contact(4)], [contact(5), contact(6)]]
    client = FakeRadist([pages])

    fetched(client)

    assert client.pages_read == [3, 1]


def test_a_feed_that_never_rests_is_refused() -> None:
    scans = [[[contact(count)], [contact(count + 100)]] for count in range(1, 40)]

    with pytest.raises(IncompleteFetch, match="still changed after 10 readings"):
        fetched(FakeRadist(scans))


def test_two_pages_well_before_the_window_end_the_reading() -> None:
    old = [[contact(count, LONG_AGO)] for count in range(10, 20)]
    client = FakeRadist([[[contact(1)], *old]])

    assert list(fetched(client).chats) == [10]
    assert client.pages_read[0] == 3


def test_a_page_with_a_contact_of_unknown_time_is_not_taken_for_old() -> None:
    feed = [[contact(1, LONG_AGO)], [contact(2, None)], [contact(3, LONG_AGO)], [contact(4)]]

    assert list(fetched(FakeRadist([feed])).chats) == [40]


def test_a_chat_without_a_last_message_is_left_out() -> None:
    client = FakeRadist([[[contact(1, None), contact(2), {**contact(3), "chats": None}]]])

    assert list(fetched(client).chats) == [20]


def test_a_chat_that_shows_a_message_of_the_day_but_answers_none_is_refused() -> None:
    client = FakeRadist([[[contact(1), contact(2)]]], {20: Found([])})

    with pytest.raises(IncompleteFetch, match=r"1 chats but answered none \(20\)"):
        fetched(client)


def test_a_chat_that_is_gone_when_it_is_asked_for_costs_no_other() -> None:
    client = FakeRadist([[[contact(1), contact(2)]]], gone=frozenset({10}))

    day = fetched(client)

    assert (set(day.chats), day.gone) == ({20}, {10})


STRANGE = Found([], has_poison=True, is_unreadable=True)


@pytest.mark.parametrize("strange", [(10,), (10, 20), (20, 30)])
def test_chats_of_poison_alone_cost_no_other(strange: tuple[int, ...]) -> None:
    feed = [contact(number) for number in (1, 2, 3)]
    client = FakeRadist([[feed]], dict.fromkeys(strange, STRANGE))

    assert set(fetched(client).chats) == {10, 20, 30} - set(strange)


def test_one_chat_of_poison_alone_is_no_provider_that_changed() -> None:
    assert fetched(FakeRadist([[[contact(1)]]], default=STRANGE)).with_poison == {10}


def test_a_day_of_poison_in_several_chats_is_a_provider_that_changed() -> None:
    with pytest.raises(IncompleteFetch, match="none of which can be read in 2 chats"):
        fetched(FakeRadist([[[contact(1), contact(2)]]], default=STRANGE))


def test_a_company_all_of_whose_chats_are_gone_is_not_an_empty_one() -> None:
    client = FakeRadist([[[contact(1), contact(2)]]], gone=frozenset({10, 20}))
    with pytest.raises(ProviderRefused, match="404"):
        fetched(client)


def test_a_chat_that_spoke_only_after_the_day_may_be_silent() -> None:
    client = FakeRadist([[[contact(1, LATER)]]], {10: Found([])})

    assert fetched(client).chats == {}


def test_of_a_chat_with_more_than_its_pages_whole_moments_are_kept_for_the_next_run() -> None:
    older = IN_DAY - timedelta(minutes=5)
    said = [message(message_id="m0", created_at=older.isoformat()), message()]
    client = FakeRadist([[[contact(1)]]], {10: Found(said, is_truncated=True, reached=older)})

    day = fetched(client)

    assert day.chats == {}, "half a dialog is none"
    assert [each["message_id"] for each in day.unfinished[10]] == ["m1"]
    assert day.reached == {10: older + timedelta(milliseconds=1)}
    assert day.unread == {"max_radist_message_pages": 1}


def test_a_dialog_is_whole_with_the_part_that_is_read_last() -> None:
    reached = IN_DAY + timedelta(minutes=1)
    client = FakeRadist([[[contact(1)]]])

    day = fetched(client, before=Before(reached={10: reached}))

    assert client.asked == [(10, WINDOW.start, reached, 3)]
    assert (sorted(day.chats), day.unread, day.reached) == ([10], {}, {})


def test_more_messages_of_a_moment_than_a_run_may_read_are_an_error_that_names_the_setting() -> (
    None
):
    found = Found([message()], is_truncated=True, reached=WINDOW.end)

    with pytest.raises(IncompleteFetch, match=r"chat 10 .* raise max_radist_message_pages"):
        fetched(FakeRadist([[[contact(1)]]], {10: found}))


def test_a_known_dialog_that_has_become_too_long_stays_as_it_is_stored() -> None:
    client = FakeRadist([[[contact(1)]]], {10: Found([message()], True, reached=IN_DAY)})

    day = fetched(client, before=Before(spoke=frozenset({10})))

    assert (day.chats, day.unfinished, day.unread) == ({}, {}, {})


def test_rows_hold_who_spoke_through_which_channel() -> None:
    client = FakeRadist([[[contact(1, phone="8 912 345-67-89")]]])

    rows = raw_rows(fetched(client), "RU", datetime.fromisoformat)

    (chat,), (said,) = rows["radist_chats"], rows["radist_messages"]
    assert chat[:4] == (10, 1, 1, "+79123456789")
    assert chat[4]["connection_type"] == "whatsapp"
    assert "chats" not in chat[4]["contact"]
    assert said == ("m1", 10, "inbound", IN_DAY, message())


def test_an_unknown_channel_and_direction_do_not_lose_the_chat() -> None:
    client = FakeRadist([[[contact(1, connection_id=99)]]], {10: Found([message(direction=None)])})

    rows = raw_rows(fetched(client), "RU", datetime.fromisoformat)

    assert rows["radist_chats"][0][2:4] == (99, None)
    assert rows["radist_chats"][0][4]["connection_type"] is None
    (said,) = rows["radist_messages"]
    assert said[2] == "other"
