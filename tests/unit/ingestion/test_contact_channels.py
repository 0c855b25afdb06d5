"""Phones and e-mails of a contact, one by one."""

from typing import Any

import pytest

from synkro_assets.ingestion.contact_channels import channels_of


def _contact(code: str, *values: dict[str, Any]) -> dict[str, Any]:
    return {"custom_fields_values": [{"field_code": code, "values": list(values)}]}


@pytest.mark.parametrize(
    ("code", "text", "normal"),
    [
        ("PHONE", "8 (912) 345-67-89, +7 495 123-45-67", ["+79123456789", "+74951234567"]),
        ("PHONE", "+7 495 123-45-67 доб. 12", ["+74951234567"]),
        ("PHONE", "ask Anna", [None]),
        ("EMAIL", "Anna@Example.COM; b@c.ru", ["anna@example.com", "b@c.ru"]),
        ("EMAIL", "no address", [None]),
        ("EMAIL", "a@b.ru / c@d.ru e@f.ru", ["a@b.ru", "c@d.ru", "e@f.ru"]),
        ("EMAIL", "Anna <anna@b.ru>", ["anna@b.ru"]),
        ("EMAIL", "mailto:Anna@b.ru.", ["anna@b.ru"]),
        ("OTHER", "+7 495 123-45-67", []),
    ],
)
def test_each_is_normal_where_it_can_be_and_kept_as_written(
    code: str, text: str, normal: list[str | None]
) -> None:
    found = channels_of(_contact(code, {"value": text}), "RU")
    assert [each.normal for each in found] == normal
    assert [each.position for each in found] == list(range(len(normal)))
    assert {each.as_written for each in found} <= {text}


@pytest.mark.parametrize("key", ["enum", "enum_code"])
def test_both_spellings_of_the_code_are_read(key: str) -> None:
    (found,) = channels_of(_contact("PHONE", {"value": "+74951234567", key: "WORK"}), "RU")
    assert found.enum_code == "WORK"


def test_null_fields_are_no_channels() -> None:
    assert channels_of({"custom_fields_values": None}, "RU") == []
