"""What a report says of sources that were not read whole."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from synkro_assets.domain.source_days import Cut, SourceDay
from synkro_assets.reporting.facts_report import facts_document
from synkro_assets.reporting.gaps import gap_metadata
from tests.unit.reporting.days import day

STALE = SourceDay(
    date(2026, 3, 3), "radist", datetime(2026, 3, 3, 15, 30, tzinfo=UTC), last_error="away"
)
CUT = replace(
    STALE, last_error=None, cuts=(Cut("radist_fetch_limit", 3000, "dialogs", 3000, 4000),)
)


@pytest.mark.parametrize(
    ("language", "said", "rest"),
    [
        ("ru", "переписку из Radist прочитать не удалось; данные на 3 марта, 18:30.",
         "Полнота: CRM целиком;"),
        ("en", "conversations could not be read from Radist; data as of 3 March, 18:30.",
         "Completeness: all of the CRM;"),
    ],
)  # fmt: skip
def test_a_source_that_was_not_read_is_named_with_the_time_of_its_data(
    language: str, said: str, rest: str
) -> None:
    first, second = facts_document(day(language, gaps=(STALE,))).notes
    assert first.endswith(said)
    assert second.startswith(rest)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("ru", "прочитано диалогов: 3\xa0000 из 7\xa0000 (лимит radist_fetch_limit)"),
        ("en", "read 3,000 of 7,000 dialogs: limit radist_fetch_limit; the rest follows"),
    ],
)
def test_a_limit_is_said_with_what_was_read(language: str, said: str) -> None:
    assert said in facts_document(day(language, gaps=(CUT,))).notes[0]


def test_what_is_left_is_not_said_where_nobody_knows_it() -> None:
    cut = replace(CUT, cuts=(replace(CUT.cuts[0], left=None),))
    assert "read 3,000 dialogs: limit" in facts_document(day("en", gaps=(cut,))).notes[0]


def test_programs_are_told_the_oldest_time() -> None:
    later = replace(CUT, data_as_of=datetime(2026, 3, 3, 19, tzinfo=UTC))
    said = gap_metadata([later, STALE])
    assert (said["incomplete"], said["data_as_of"]) == (True, "2026-03-03T15:30:00+00:00")
    assert gap_metadata([]) == {}
