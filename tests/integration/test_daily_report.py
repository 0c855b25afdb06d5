"""A reported day against the truth: every figure again, from what the simulators say happened."""

import re
from decimal import Decimal

import pytest

from synkro_assets.storage.facts import daily_period_key
from tests.day_truth import DayFigures, Subject, figures
from tests.integration.conftest import Reported

COMPARED = (
    "dialogs", "dialogs_without_deal", "messages_in", "messages_out", "replies",
    "first_reply_median_calendar",
    "first_reply_median_working", "dialogs_unanswered", "longest_wait_calendar",
    "longest_wait_working", "leads_created", "leads_moved", "leads_won",
    "leads_won_amount", "leads_lost", "leads_lost_amount",
)  # fmt: skip
SPACES = str.maketrans("", "", "\xa0\u202f ")


@pytest.fixture(scope="module")
def true_figures(reported: Reported) -> DayFigures:
    return figures(reported.truth)


@pytest.fixture(scope="module")
def stored_figures(reported: Reported) -> DayFigures:
    rows = reported.scene.rows(
        "select subject_type, subject_id, metric, value from app.report_facts "
        "where period_key = %s and value <> 0",
        daily_period_key(reported.scene.day),
    )
    found = DayFigures()
    for row in rows:
        if row["subject_type"] == "loss_reason":
            found.loss_reasons[row["subject_id"]] += int(row["value"])
        else:
            subject: Subject = int(row["subject_id"]) if row["subject_id"] else None
            found.values[subject, row["metric"]] = row["value"]
    return found


def lines_of(reported: Reported) -> list[str]:
    return [line.strip("• ") for line in reported.outcome.report.summary_text.splitlines()]


def number(text: str) -> int:
    return int(text.translate(SPACES))


def minutes(text: str) -> int:
    """``1 д 2 ч 5 мин`` in minutes."""
    units = {"д": 1440, "ч": 60, "мин": 1}
    return sum(int(n) * units[unit] for n, unit in re.findall(r"(\d+)\s(д|ч|мин)", text))


def matched(reported: Reported, pattern: str) -> tuple[str, ...]:
    found = [match for line in lines_of(reported) if (match := re.fullmatch(pattern, line))]
    assert len(found) == 1, f"{len(found)} lines match {pattern}"
    return tuple(found[0].groups(default=""))


def test_the_day_has_something_of_everything(true_figures: DayFigures) -> None:
    assert all(true_figures.of(metric) for metric in COMPARED)
    assert len({subject for subject, _ in true_figures.values}) >= 4


@pytest.mark.parametrize("metric", [*COMPARED, "dialogs_not_looked_up", "dialogs_without_manager"])
def test_each_fact_is_what_really_happened(
    metric: str, true_figures: DayFigures, stored_figures: DayFigures
) -> None:
    def of_metric(all_figures: DayFigures) -> dict[Subject, Decimal]:
        return {who: value for (who, what), value in all_figures.values.items() if what == metric}

    assert of_metric(stored_figures) == of_metric(true_figures)


def test_deals_lost_are_told_by_their_reasons(
    true_figures: DayFigures, stored_figures: DayFigures
) -> None:
    assert stored_figures.loss_reasons == true_figures.loss_reasons


def test_the_text_says_how_many_wrote(reported: Reported, true_figures: DayFigures) -> None:
    said = matched(
        reported, r"([\d\s]+) диалог\w*: ([\d\s]+) сообщени\w+ от клиентов, ([\d\s]+) от компании"
    )
    wanted = [true_figures.of(each) for each in ("dialogs", "messages_in", "messages_out")]
    assert [number(each) for each in said] == wanted


def test_the_text_says_how_fast_they_were_answered(
    reported: Reported, true_figures: DayFigures
) -> None:
    (said,) = matched(reported, r".*; первый ответ — ([^(,]+?)(?: \(.*\))?, медиана по .*")
    assert abs(minutes(said) - true_figures.of("first_reply_median_calendar")) <= Decimal("0.5")


def test_the_text_says_who_waits_and_how_long(reported: Reported, true_figures: DayFigures) -> None:
    count, longest = matched(
        reported, r"без ответа (\d+) диалог\w*, дольше всех клиент ждёт ([^(]+?)(?: \(.*\))?"
    )
    assert number(count) == true_figures.of("dialogs_unanswered")
    assert abs(minutes(longest) - true_figures.of("longest_wait_calendar")) <= Decimal("0.5")


def test_the_text_says_what_became_of_deals(reported: Reported, true_figures: DayFigures) -> None:
    created, moved = matched(reported, r"создан\w (\d+) сдел\w+; этап сменился у (\d+)")
    won, won_amount = matched(reported, r"выигран\w (\d+) сдел\w+(?: на ([\d\s]+)₽)?")
    lost, lost_amount = matched(reported, r"проигран\w (\d+) сдел\w+(?: на ([\d\s]+)₽)?")
    said = {
        "leads_created": created, "leads_moved": moved, "leads_won": won, "leads_lost": lost,
        "leads_won_amount": won_amount, "leads_lost_amount": lost_amount,
    }  # fmt: skip
    assert {name: number(each) for name, each in said.items()} == {
        name: true_figures.of(name) for name in said
    }


def test_the_text_says_what_each_manager_did(reported: Reported, true_figures: DayFigures) -> None:
    words = {
        "dialogs": r"(\d+) диалог", "dialogs_unanswered": r"(\d+) без ответа",
        "leads_created": r"(\d+) нов", "leads_moved": r"(\d+) сменил",
        "leads_won": r"(\d+) выигран", "leads_lost": r"(\d+) проигран",
    }  # fmt: skip
    people = reported.truth["managers"]
    busy = [each for each in people if any(true_figures.of(m, each["id"]) for m in words)]
    assert busy
    for person in busy:
        (details,) = matched(reported, re.escape(person["name"]) + r" — ([^«]*\d.*)")
        said = {name: re.search(pattern, details) for name, pattern in words.items()}
        assert {name: int(found[1]) if found else 0 for name, found in said.items()} == {
            name: true_figures.of(name, person["id"]) for name in words
        }


def test_the_text_says_how_many_dialogs_are_nobodys(
    reported: Reported, true_figures: DayFigures
) -> None:
    (said,) = matched(reported, r"Без ответственного — (\d+) диалог\w*")
    people = [each["id"] for each in reported.truth["managers"]]
    of_people = sum(true_figures.of("dialogs", each) for each in people)
    assert number(said) == true_figures.of("dialogs") - of_people > 0


def test_the_text_says_how_often_customers_were_answered(
    reported: Reported, true_figures: DayFigures
) -> None:
    (said,) = matched(reported, r"клиентам ответили (\d+) раза?;.*")
    assert number(said) == true_figures.of("replies")


def test_the_report_is_in_the_chat_exactly_once(reported: Reported) -> None:
    in_chat = reported.scene.chat()
    assert [str(message["message_id"]) for message in in_chat] == [
        part.provider_message_id for part in reported.outcome.parts
    ]
    assert reported.outcome.parts
    assert {part.status for part in reported.outcome.parts} == {"sent"}
    assert in_chat[0]["text"].startswith(f"<b>{reported.scene.tenant.name}: ")
