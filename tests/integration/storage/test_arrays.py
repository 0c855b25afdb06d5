"""Arrays packed by hand are to the server what they are to us."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synkro_assets.storage.arrays import (
    array_of_flags,
    array_of_floats,
    array_of_ids,
    array_of_integers,
    array_of_moments,
    array_of_text_arrays,
    array_of_texts,
    packed_texts,
)
from synkro_assets.storage.database import Database

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
TEXTS = st.lists(TEXT | st.none() | st.sampled_from(["NULL", "null", "{}", ""]))
TEXT_ARRAYS = st.lists(st.lists(TEXT))
ZONES = st.sampled_from(
    [UTC, timezone(timedelta(hours=5, minutes=30)), timezone(-timedelta(hours=9))]
)
MOMENTS = st.lists(
    st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29), timezones=ZONES)
)
FLOATS = st.lists(st.floats(allow_nan=False, allow_infinity=False))
IDS = st.lists(st.integers(-(2**63), 2**63 - 1))
INTEGERS = st.lists(st.integers(-(2**31), 2**31 - 1))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(texts=TEXTS, floats=FLOATS, ids=IDS, integers=INTEGERS)
def test_the_server_reads_what_was_packed(
    database: Database,
    texts: list[str],
    floats: list[float],
    ids: list[int],
    integers: list[int],
) -> None:
    with database.owner_session() as connection:
        found = connection.execute(
            "select %s::text[] as texts, %s::float8[] as floats, %s::bigint[] as ids, "
            "%s::integer[] as integers",
            [
                array_of_texts(texts),
                array_of_floats(floats),
                array_of_ids(ids),
                array_of_integers(integers),
            ],
        ).fetchone()
    assert found == {"texts": texts, "floats": floats, "ids": ids, "integers": integers}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(flags=st.lists(st.booleans()), moments=MOMENTS, arrays=TEXT_ARRAYS)
def test_flags_moments_and_arrays_of_texts_come_back_too(
    database: Database, flags: list[bool], moments: list[datetime], arrays: list[list[str]]
) -> None:
    with database.owner_session() as connection:
        found = connection.execute(
            "select %s::boolean[] as flags, %s::timestamptz[] as moments, array("
            "select to_jsonb(each::text[])::text from unnest(%s::text[]) with ordinality "
            "as came (each, place) order by place) as arrays",
            [array_of_flags(flags), array_of_moments(moments), array_of_text_arrays(arrays)],
        ).fetchone()
    assert found is not None
    assert found["flags"] == flags
    assert found["moments"] == moments
    assert [json.loads(each) for each in found["arrays"]] == arrays


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(texts=st.lists(TEXT))
def test_packed_texts_come_back_as_they_were(database: Database, texts: list[str]) -> None:
    with database.owner_session() as connection:
        found = connection.execute(
            "select %s::text[] as texts", [packed_texts([text.encode() for text in texts])]
        ).fetchone()
    assert found == {"texts": texts}
