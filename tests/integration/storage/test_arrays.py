"""Arrays written by hand are to the server what they are to us."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synkro_assets.storage.arrays import array_of_numbers, array_of_texts
from synkro_assets.storage.database import Database

TEXTS = st.lists(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
FLOATS = st.lists(st.floats(allow_nan=False, allow_infinity=False))
IDS = st.lists(st.integers(-(2**63), 2**63 - 1))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(texts=TEXTS, floats=FLOATS, ids=IDS)
def test_the_server_reads_what_was_written(
    database: Database, texts: list[str], floats: list[float], ids: list[int]
) -> None:
    with database.owner_session() as connection:
        found = connection.execute(
            "select %s::text[] as texts, %s::float8[] as floats, %s::bigint[] as ids",
            [array_of_texts(texts), array_of_numbers(floats), array_of_numbers(ids)],
        ).fetchone()
    assert found == {"texts": texts, "floats": floats, "ids": ids}
