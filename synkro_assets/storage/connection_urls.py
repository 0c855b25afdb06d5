"""One database URL, spelled the way each of its readers wants it.

What lives here: text in, text out. Opening connections is ``database``.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict

from synkro_assets.domain.errors import UsageProblem

_PLAIN_HOST = re.compile(r"[A-Za-z0-9._:-]+")


def parsed(url: str) -> dict[str, str]:
    """The connection parameters of a ``postgresql://`` URL; raises UsageProblem when it is none."""
    if not url.startswith(("postgresql://", "postgres://")):
        raise UsageProblem(
            "SYNKRO_DATABASE_URL is not a PostgreSQL URL: write it as "
            "postgresql://user:password@host:5432/database"
        )
    unreadable = UsageProblem(
        "SYNKRO_DATABASE_URL cannot be read: percent-encode special characters in the password"
    )
    try:
        parameters = {key: str(value) for key, value in conninfo_to_dict(url).items()}
    except psycopg.ProgrammingError:
        raise unreadable from None
    if _is_torn(url, parameters):
        raise unreadable
    return parameters


def _is_torn(url: str, parameters: dict[str, str]) -> bool:
    """Whether a slash or an @ in the password makes a part of it look like host, port or name."""
    authority, _, path = url.partition("//")[2].partition("?")[0].partition("/")
    is_port = re.fullmatch(r"[\d,]*", parameters.get("port", ""))
    return not is_port or authority.count("@") > 1 or "@" in path


def with_password(url: str, password: str) -> str:
    """The same URL with a password, as it is typed; a URL that has one keeps its own."""
    if "password" in parsed(url):
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode({'password': password}, quote_via=quote)}"


def dagster_url(url: str) -> str:
    """The URL for Dagster's storage: its own schema, and psycopg2 by name.

    With psycopg 3 installed SQLAlchemy 2.1 would pick it for a plain ``postgresql://`` URL, and
    dagster-postgres then fails on NOTIFY.
    """
    parameters = parsed(url)
    options = [parameters["options"]] if parameters.get("options") else []
    parameters["options"] = " ".join([*options, "-csearch_path=dagster"])
    database = quote(parameters.pop("dbname", ""), safe="")
    login = ":".join(
        quote(parameters.pop(name), safe="") for name in ("user", "password") if name in parameters
    )
    at = "@" if login else ""
    server = _server(parameters)
    query = urlencode(parameters, quote_via=quote)
    return f"postgresql+psycopg2://{login}{at}{server}/{database}?{query}"


def _server(parameters: dict[str, str]) -> str:
    """Host and port taken out of the parameters; sockets and lists of hosts stay in them."""
    host = parameters.get("host", "")
    if not _PLAIN_HOST.fullmatch(host):
        return ""
    port = parameters.pop("port", "")
    del parameters["host"]
    host = f"[{host}]" if ":" in host else host
    return f"{host}:{port}" if port else host


def dbt_environment(url: str) -> dict[str, str]:
    """The variables ``dbt_project/profiles.yml`` reads; dbt itself masks the secret one."""
    parameters = parsed(url)
    return {
        "DBT_SYNKRO_HOST": parameters.get("host", "localhost"),
        "DBT_SYNKRO_PORT": parameters.get("port", "5432"),
        "DBT_SYNKRO_USER": parameters.get("user", ""),
        "DBT_ENV_SECRET_SYNKRO_PASSWORD": parameters.get("password", ""),
        "DBT_SYNKRO_DBNAME": parameters.get("dbname", parameters.get("user", "")),
        "DBT_SYNKRO_SSLMODE": parameters.get("sslmode", "prefer"),
    }


def described(url: str) -> str:
    """Where a URL points, fit for a person to read: no password, no user."""
    parameters = parsed(url)
    host = parameters.get("host", "localhost")
    return f"{host}:{parameters.get('port', '5432')}/{parameters.get('dbname', '')}"
