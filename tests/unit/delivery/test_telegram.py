"""Reports as Telegram messages: short enough, balanced, nothing lost."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synkro_assets.delivery.outbox import require_queued
from synkro_assets.delivery.telegram import MESSAGE_LIMIT, messages, utf16_length
from synkro_assets.domain.errors import NothingToDeliver
from synkro_assets.domain.report_document import Line, ReportDocument, Section, plain_text

TEXTS = st.text(st.sampled_from("абв xyz<&>\"'👍🏽🇷🇺;/b1"), max_size=120)
SOME = TEXTS.filter(lambda text: bool(text.strip()))
LINES = st.builds(Line, SOME, lead=TEXTS, quote=TEXTS, is_bullet=st.booleans())
SECTIONS = st.builds(Section, SOME, st.lists(LINES, max_size=5).map(tuple))
DOCUMENTS = st.builds(
    ReportDocument, SOME, SOME, TEXTS,
    st.lists(SECTIONS, max_size=4).map(tuple), st.lists(SOME, max_size=2).map(tuple),
)  # fmt: skip


def document(*lines: Line, title: str = "Acme") -> ReportDocument:
    return ReportDocument(title, "today", "", (Section("Waiting", lines),), ())


def seen(html: str) -> str:
    """What a reader sees of a message, spaces and line breaks aside."""
    return re.sub(r"\s", "", unescape(re.sub(r"</?[bi]>", "", html)))


@settings(max_examples=300, deadline=None)
@given(DOCUMENTS, st.integers(10, 300))
def test_parts_keep_to_the_limit_and_lose_nothing(report: ReportDocument, limit: int) -> None:
    parts = messages(report, limit)

    assert all(0 < utf16_length(part) <= limit for part in parts)
    assert "".join(map(seen, parts)) == re.sub(r"\s", "", plain_text(report))


@settings(max_examples=300, deadline=None)
@given(DOCUMENTS, st.integers(10, 300))
def test_tags_are_balanced_and_escapes_whole_in_every_part(
    report: ReportDocument, limit: int
) -> None:
    for part in messages(report, limit):
        bare = re.sub(r"<(b|i)>[^<>]*</\1>", "", part)
        assert not re.search("[<>]", bare)
        assert not re.search(r"&(?!(?:amp|lt|gt|quot|#x27);)", part)


def test_a_short_report_is_one_message() -> None:
    assert messages(document(Line("waits", lead="Ann", quote="hello"))) == [
        "<b>Acme</b>\ntoday\n\n<b>Waiting</b>\n• <b>Ann</b> — waits\n<i>«hello»</i>"
    ]


def test_markup_in_a_customers_words_is_only_text() -> None:
    (html,) = messages(document(Line("", lead="<b>&", quote="<a href='x'>")))

    assert "<b>&lt;b&gt;&amp;</b>" in html
    assert "<a" not in html


def test_emoji_count_as_two_units() -> None:
    assert utf16_length("👍a") == 3
    parts = messages(document(Line("👍" * 3000)))
    assert all(utf16_length(part) <= MESSAGE_LIMIT for part in parts)
    assert sum(part.count("👍") for part in parts) == 3000


def test_a_cut_falls_between_lines_where_it_can() -> None:
    parts = messages(document(*(Line("x" * 60, lead=f"c{count}") for count in range(5))), 200)

    assert len(parts) > 1
    assert all(line.count("x") in (0, 60) for part in parts for line in part.splitlines())


def test_a_line_longer_than_a_message_goes_on_in_the_next() -> None:
    parts = messages(document(Line("&" * 100)), 100)

    assert all(utf16_length(part) <= 100 for part in parts)
    assert sum(part.count("&amp;") for part in parts) == 100


def test_an_empty_outbox_says_how_to_fill_it() -> None:
    with pytest.raises(NothingToDeliver, match=r"acme 2026-03-05: .*--deliver") as refusal:
        require_queued([], "acme 2026-03-05")
    assert "\n" not in str(refusal.value)
