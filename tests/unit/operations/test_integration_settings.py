"""Reading an integration's file."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from synkro_assets.domain.errors import UsageProblem
from synkro_assets.operations.integration_settings import parse_integration, read_file


def test_one_json_object_is_an_integration() -> None:
    assert parse_integration('{"api_key": "x"}') == {"api_key": "x"}


def test_what_is_no_json_names_its_line_and_shows_no_secret() -> None:
    with pytest.raises(UsageProblem, match="not JSON: line 3") as refusal:
        parse_integration('{\n"api_key": "hunter2",\n}')
    assert "hunter2" not in str(refusal.value)
    assert refusal.value.__suppress_context__


@pytest.mark.parametrize("text", ["[]", '"x"', "null", "7"])
def test_any_other_json_is_refused(text: str) -> None:
    with pytest.raises(UsageProblem, match="must hold one JSON object"):
        parse_integration(text)


def test_a_file_or_standard_input_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.json"
    file.write_text("из файла", encoding="utf-8")
    monkeypatch.setattr("sys.stdin", io.StringIO("from stdin"))

    assert read_file(str(file)) == "из файла"
    assert read_file("-") == "from stdin"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")

    for name in ("missing", "binary", "."):
        with pytest.raises(UsageProblem, match=r"cannot read .*"):
            read_file(str(tmp_path / name))
