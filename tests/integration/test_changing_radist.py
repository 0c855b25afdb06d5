"""A Radist that changes and fails while it is read: whole days or nothing, and nothing lost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.changing_world import (
    RADIST_CHANGES,
    RADIST_PATHS,
    Happening,
    Trouble,
    Truth,
    happenings,
    troubles,
)
from tests.integration.reading import Reading, Theatre, affordable

Message = tuple[Any, ...]
EVERYBODY_WRITES = [
    Happening("message", number, before_request=2, path="with_contacts")
    for number in range(8, 0, -1)
]
pytestmark = pytest.mark.usefixtures("impatient")


def true_messages(truth: Truth) -> dict[str, Message]:
    """The messages of the day of every connection, groups and unknown types too."""
    start, end = (datetime.fromisoformat(truth["window"][each]) for each in ("start", "end"))
    return {
        each["message_id"]: (dialog["chat_id"], each["direction"], each["message_type"], at)
        for dialog in truth["dialogs"]
        for each in dialog["messages"]
        if start <= (at := datetime.fromisoformat(each["created_at"])) < end
    }


def true_chats(truth: Truth) -> dict[int, tuple[Any, ...]]:
    """The chats that spoke on the day, with whom and through what."""
    spoke = {each[0] for each in true_messages(truth).values()}
    return {
        each["chat_id"]: (each["contact_id"], each["connection_id"], each["phone_e164"])
        for each in truth["dialogs"]
        if each["chat_id"] in spoke
    }


def stored_messages(rows: dict[str, list[Any]]) -> dict[str, Message]:
    return {
        row["radist_message_id"]: (
            row["radist_chat_id"], row["direction"], row["payload"]["message_type"],
            datetime.fromisoformat(row["created_at"]),
        )
        for row in rows["radist_messages"]
    }  # fmt: skip


def stored_chats(rows: dict[str, list[Any]]) -> dict[int, tuple[Any, ...]]:
    return {
        row["radist_chat_id"]: (
            row["radist_contact_id"], row["radist_connection_id"], row["phone_e164"],
        )
        for row in rows["radist_chats"]
    }  # fmt: skip


def assert_nothing_is_lost(rows: dict[str, list[Any]], states: list[Truth]) -> None:
    """What was there when reading began is stored, and nothing that never was."""
    found = stored_messages(rows)
    assert len(found) == len(rows["radist_messages"]), "a message is stored twice"
    assert true_messages(states[0]).items() <= found.items() <= true_messages(states[-1]).items()
    chats = stored_chats(rows)
    assert true_chats(states[0]).items() <= chats.items() <= true_chats(states[-1]).items()


def assert_true(reading: Reading, rows: dict[str, list[Any]]) -> None:
    """The tables say what Radist says now."""
    (truth, *_) = reading.states
    assert stored_messages(rows) == true_messages(truth)
    assert stored_chats(rows) == true_chats(truth)
    assert len(rows["radist_messages"]) == len(true_messages(truth))


@affordable
@given(
    hours=st.sampled_from([20, 40]),
    size=st.sampled_from([2, 3, 5, 100]),
    cursor=st.sampled_from(["key", "offset"]),
    is_inclusive=st.booleans(),
    is_jumping=st.booleans(),
    is_read_before=st.booleans(),
    plan=happenings(RADIST_CHANGES, RADIST_PATHS),
    failing=troubles(RADIST_PATHS),
)
@example(20, 3, "key", True, True, False, [], [])
@example(20, 3, "offset", False, False, True, EVERYBODY_WRITES, [])
@example(20, 2, "key", True, False, True, [], [Trouble("cut in the middle", "/messages/", 3, 5)])
def test_a_changing_failing_radist_is_read_whole_or_not_at_all(
    theatre: Theatre,
    hours: int,
    size: int,
    cursor: str,
    is_inclusive: bool,
    is_jumping: bool,
    is_read_before: bool,
    plan: list[Happening],
    failing: list[Trouble],
) -> None:
    reading = theatre.open("radist", hours=hours, dialogs=5)
    theatre.simulators.switch(
        radist_max_limit=size, radist_cursor=cursor, radist_until_inclusive=is_inclusive
    )
    if is_read_before:
        assert reading.read() is None
    before = reading.stored()
    theatre.simulators.switch(radist_touch_between_pages=is_jumping)

    problem = reading.read(plan, failing)

    rows = reading.stored()
    if problem:
        assert failing or is_jumping, f"changes alone made it fail: {problem}"
        assert rows == before
    else:
        assert_nothing_is_lost(rows, [*reading.states, reading.truth()])

    theatre.simulators.switch(radist_touch_between_pages=False)
    reading.come_to_rest()
    assert reading.read() is None
    assert_true(reading, reading.stored())


@pytest.mark.parametrize("cursor", ["key", "offset"])
def test_who_writes_in_the_instant_of_a_crowd_is_not_lost_among_it(
    theatre: Theatre, cursor: str
) -> None:
    for which in range(8):
        reading = theatre.open("radist", hours=20, rate=0, dialogs=8)
        theatre.simulators.switch(radist_max_limit=2, radist_cursor=cursor)
        crowd = [
            Happening("message", each, before_request=1, path="with_contacts")
            for each in range(8)
            if each != which
        ]
        late = Happening("message", which, before_request=4, path="with_contacts")

        assert reading.read([*crowd, late]) is None

        assert_nothing_is_lost(reading.stored(), [*reading.states, reading.truth()])
