"""In whose name an installation works."""

from __future__ import annotations

import pwd

import pytest

from synkro_assets.operations.platform import operating_system_user


def test_the_environment_does_not_decide_whose_process_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = operating_system_user()
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "boss")
    assert operating_system_user() == before != "boss"


def test_a_user_id_that_nobody_has_named_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def unnamed(user_id: int) -> None:
        raise KeyError(user_id)

    monkeypatch.setattr(pwd, "getpwuid", unnamed)
    monkeypatch.setattr("os.getuid", lambda: 4711)
    assert operating_system_user() == "uid 4711"
