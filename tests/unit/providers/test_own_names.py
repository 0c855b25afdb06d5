"""A provider's own code of an error and its own id of a thing are found where they are there."""

from __future__ import annotations

import pytest

from synkro_assets.providers.own_names import error_code, external_id


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}, "RESOURCE_EXHAUSTED"),
        ([{"error": {"status": "INVALID_ARGUMENT"}}], "INVALID_ARGUMENT"),
        ({"code": "23505", "message": "duplicate"}, "23505"),
        ({"error": "invalid_grant"}, "invalid_grant"),
        ({"ok": False, "error_code": 400}, "418"),
        ({"status": "error"}, "418"),
        ({"code": "Иван"}, "418"),
        (None, "418"),
        ("text", "418"),
    ],
)
def test_the_code_is_the_providers_own_else_the_status(body, code):
    assert error_code(body, 418) == code


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"ok": True, "result": {"message_id": 42}}, "42"),
        ({"responseId": "AbC-1"}, "AbC-1"),
        ({"id": 7}, "7"),
        ({"id": True}, None),
        ({"id": "ivan@example.org"}, None),
        ({"result": [1]}, None),
        ([{"id": 1}], None),
        (None, None),
    ],
)
def test_the_providers_id_is_found_where_it_is_one(answer, found):
    assert external_id(answer) == found
