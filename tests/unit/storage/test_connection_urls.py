"""One database URL for its several readers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import make_url

from synkro_assets.domain.errors import UsageProblem
from synkro_assets.storage.connection_urls import (
    dagster_url,
    dbt_environment,
    described,
    parsed,
    with_password,
)

FULL = "postgresql://ann:p%40ss%2Fw%23%25rd%3A@db.example:6543/syn%20kro?sslmode=require"


def test_special_characters_survive_for_every_reader() -> None:
    url = make_url(dagster_url(FULL))

    assert (url.username, url.password) == ("ann", "p@ss/w#%rd:")
    assert (url.host, url.port, url.database) == ("db.example", 6543, "syn kro")
    assert dbt_environment(FULL) == {
        "DBT_SYNKRO_HOST": "db.example", "DBT_SYNKRO_PORT": "6543", "DBT_SYNKRO_USER": "ann",
        "DBT_ENV_SECRET_SYNKRO_PASSWORD": "p@ss/w#%rd:", "DBT_SYNKRO_DBNAME": "syn kro",
        "DBT_SYNKRO_SSLMODE": "require",
    }  # fmt: skip


def test_dagster_gets_psycopg2_its_own_schema_and_the_options_there_were() -> None:
    url = make_url(dagster_url(f"{FULL}&application_name=a%2Bb&options=-cstatement_timeout%3D5s"))

    assert url.drivername == "postgresql+psycopg2"
    assert url.query == {
        "sslmode": "require",
        "application_name": "a+b",
        "options": "-cstatement_timeout=5s -csearch_path=dagster",
    }


@pytest.mark.parametrize("password", ["a#b", "a[b", "a?b", "a+b"])
def test_a_password_that_libpq_takes_unescaped_reaches_dagster(password: str) -> None:
    url = f"postgresql://u:{password}@h/db"

    assert make_url(dagster_url(url)).password == parsed(url)["password"] == password


@pytest.mark.parametrize("password", ["p/ass", "1/2", "p@ss", "p%40/ss", "p%40@ss", "p/a@ss", "/"])
def test_a_password_that_would_be_taken_for_the_address_is_refused(password: str) -> None:
    with pytest.raises(UsageProblem, match="percent-encode special characters") as refusal:
        parsed(f"postgresql://u:{password}@h/db")
    assert "ss" not in str(refusal.value).replace("password", "")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://",
        "postgresql:///db?user=a@b",
        "postgresql://u@h1:1,h2:2/db",
        "postgresql://u:p%40@[::1]:5432/a%40b",
        "postgresql:///db?host=@abstract",
    ],
)
def test_other_unusual_addresses_are_taken(url: str) -> None:
    assert "password" not in parsed(url) or parsed(url)["password"] == "p@"


def test_a_unix_socket_stays_in_the_query() -> None:
    socket = "postgresql:///db?host=%2Frun%2Fpostgresql&port=5433"

    url = make_url(dagster_url(socket))

    assert (url.host, url.database) == (None, "db")
    assert (url.query["host"], url.query["port"]) == ("/run/postgresql", "5433")
    assert dbt_environment(socket)["DBT_SYNKRO_HOST"] == "/run/postgresql"
    assert described(socket) == "/run/postgresql:5433/db"


def test_an_ipv6_host_keeps_its_brackets() -> None:
    assert make_url(dagster_url("postgresql://u@[::1]:5433/db")).host == "::1"


@pytest.mark.parametrize("url", ["", "mysql://h/db", "host=h dbname=db", "/var/db", "postgres:/h"])
def test_what_is_no_postgresql_url_is_refused(url: str) -> None:
    with pytest.raises(UsageProblem, match="is not a PostgreSQL URL"):
        parsed(url)


def test_an_unreadable_url_is_refused_without_showing_its_password() -> None:
    with pytest.raises(UsageProblem, match="percent-encode") as refusal:
        parsed("postgresql://u:hunter2%zz@h/db")
    assert "hunter2" not in str(refusal.value)
    assert refusal.value.__suppress_context__


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1))
def test_a_password_is_never_described_and_reaches_dagster_whole(password: str) -> None:
    from urllib.parse import quote

    url = f"postgresql://ann:{quote(password, safe='')}@h:5432/db"

    assert described(url) == "h:5432/db"
    plain = dagster_url(url).replace("postgresql+psycopg2", "postgresql")
    assert conninfo_to_dict(plain)["password"] == password
    assert make_url(dagster_url(url)).password == password


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1))
def test_a_password_is_added_as_it_is_typed(password: str) -> None:
    for url in ("postgresql://ann@h:5432/db", "postgresql://ann@h/db?sslmode=require"):
        whole = with_password(url, password)

        assert parsed(whole) == parsed(url) | {"password": password}
        assert make_url(dagster_url(whole)).password == password


def test_a_url_keeps_the_password_it_has() -> None:
    assert with_password(FULL, "another") == FULL
