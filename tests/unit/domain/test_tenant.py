"""Slugs and modes: what is taken and what is refused."""

from __future__ import annotations

import pytest

from synkro_assets.domain.errors import UsageProblem
from synkro_assets.domain.tenant import Mode, parse_mode, parse_slug


@pytest.mark.parametrize("text", ["ab", "acme", "7-up", "a" * 39, "a-"])
def test_a_well_formed_slug_is_taken(text: str) -> None:
    assert parse_slug(text) == text


@pytest.mark.parametrize(
    "text", ["", "a", "-acme", "Acme", "a_b", "a|b", "acme\n", "a b", "a" * 40, "акме", "acm٣"]
)
def test_any_other_slug_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UsageProblem, match="is not a tenant slug") as refusal:
        parse_slug(text)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("mode", "amocrm", "radist"),
    [("amocrm_radist", True, True), ("radist_only", False, True), ("amocrm_only", True, False)],
)
def test_a_mode_says_which_sources_are_read(mode: str, amocrm: bool, radist: bool) -> None:
    parsed = parse_mode(mode)

    assert (parsed.reads_amocrm, parsed.reads_radist) == (amocrm, radist)


def test_an_unknown_mode_names_those_there_are() -> None:
    with pytest.raises(UsageProblem) as refusal:
        parse_mode("amocrm")
    assert all(mode.value in str(refusal.value) for mode in Mode)
