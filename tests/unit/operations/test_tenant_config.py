"""A person's KEY=VALUE words: every wrong one is refused in one clear line."""

from __future__ import annotations

from datetime import time

import pytest

from synkro_assets.domain.errors import UsageProblem
from synkro_assets.domain.tenant import Mode
from synkro_assets.operations.tenant_config import parse_settings

HOURS = 'working_hours={"mon": [["09:00", "13:00"], ["14:00", "24:00"]], "sat": []}'


def test_words_become_values_of_the_tenant_and_of_its_configuration() -> None:
    tenant, config = parse_settings(
        [
            "name= Acme = Co ", "language=en", "mode=radist_only", "timezone=Asia/Almaty",
            "business_day_start=06:00", "is_schedule_enabled=Yes", "max_amo_leads=100",
        ]
    )  # fmt: skip

    assert tenant == {"name": "Acme = Co", "language": "en"}
    assert config == {
        "mode": Mode.RADIST_ONLY, "timezone": "Asia/Almaty", "business_day_start": time(6),
        "is_schedule_enabled": True, "max_amo_leads": 100,
    }  # fmt: skip


def test_working_hours_name_every_day_of_the_week() -> None:
    _, config = parse_settings([HOURS])

    hours = config["working_hours"]
    assert list(hours) == ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    assert hours["mon"] == [["09:00", "13:00"], ["14:00", "24:00"]]
    assert hours["tue"] == hours["sat"] == []


@pytest.mark.parametrize(
    "pair",
    [
        "mode=amocrm", "timezone=Moscow", "timezone=", "business_day_start=25:00",
        "business_day_start=9:00", "business_day_start=09", "business_day_start=0900",
        "business_day_start=09:00:00", "business_day_start=09:00Z", "scheduled_run_time=24:00",
        "scheduled_run_time=noon", "is_schedule_enabled=1", "is_schedule_enabled=",
        "max_amo_leads=many", "max_amo_leads=", "max_amo_leads=1.5",
        "working_hours=", "working_hours=[]", "working_hours=null",
        'working_hours={"monday": []}', 'working_hours={"mon": [["18:00", "09:00"]]}',
        'working_hours={"mon": [["09:00"]]}', 'working_hours={"mon": 9}',
        'working_hours={"mon": [["9", "18"]]}', 'working_hours={"mon": [[9, 18]]}',
        'working_hours={"mon": [["09:00", "13:00"], ["12:00", "18:00"]]}',
        'working_hours={"mon": [["24:00", "24:00"]]}', 'working_hours={"mon": null}',
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_in_one_line_that_names_its_setting(pair: str) -> None:
    with pytest.raises(UsageProblem) as refusal:
        parse_settings(["name=Acme", pair])
    assert str(refusal.value).startswith(f"{pair.partition('=')[0]}: ")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("pair", ["slug=acme", "Mode=radist_only", " mode=radist_only", "=x"])
def test_an_unknown_setting_is_refused_with_those_there_are(pair: str) -> None:
    with pytest.raises(UsageProblem, match=r"unknown setting .*: there are .*business_day_start"):
        parse_settings([pair])


def test_a_word_without_equals_is_refused() -> None:
    with pytest.raises(UsageProblem, match="'mode' is not KEY=VALUE"):
        parse_settings(["mode"])
