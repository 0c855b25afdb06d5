"""No secret is found in what is printed, logged, stored or dumped, whatever an installation does.

Unmistakable secrets are planted in every place that takes one. Then a day is made, providers fail
and repeat the key they were asked with, people mistype; then everything left behind is searched.
"""

import io
import json
import logging
import traceback
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql
from starlette.types import Receive, Scope, Send

from synkro_assets import cli
from synkro_assets.domain.errors import SynkroError
from synkro_assets.operations import integration_settings
from synkro_assets.operations.platform import Platform, SystemClock
from synkro_assets.operations.report_reading import of_day
from synkro_assets.providers.catalog import KINDS
from synkro_assets.settings import PROJECT_ROOT
from synkro_assets.simulators.app import create_app
from synkro_assets.simulators.control import worlds
from synkro_assets.simulators.gateway import fault_response
from synkro_assets.simulators.server import start_in_thread
from synkro_assets.simulators.state import Credentials, credentials
from synkro_assets.storage.database import Database
from synkro_assets.storage.key_ring import KEY_FILE, KeyRing
from tests.databases import as_owner, scratch_database
from tests.integration.command_line import CommandLine
from tests.planted import MARK, Place, files_below, leaks, planted, planted_key, whole_database
from tests.runs import run
from tests.stage import DAY, Scene, Simulators, set_scene
from tests.waiting import let_nothing_wait

# The day and its failures take a minute of work, on a busy machine several.
pytestmark = pytest.mark.timeout(600)

SLUG = "planted"
KEYS = f"{planted_key(1)},{planted_key(2)}"
PASSWORD = planted("password", is_plain=True)
BOT_TOKEN = f"5000000001:{planted('bot', is_plain=True)}"


def secrets_of(kind: str) -> dict[str, str]:
    """A planted secret for each secret field of a kind."""
    names = [field.name for field in KINDS[kind].fields if field.is_secret]
    return {name: BOT_TOKEN if name == "bot_token" else planted(f"{kind}-{name}") for name in names}


def planted_credentials(seed: int, tenant: str) -> Credentials:
    """What the simulators accept: the planted secrets."""
    return replace(
        credentials(seed, tenant),
        long_lived_token=secrets_of("amocrm")["long_lived_token"],
        client_secret=secrets_of("amocrm")["client_secret"],
        radist_key=secrets_of("radist")["api_key"],
        gemini_key=secrets_of("ai")["api_key"],
        bot_token=BOT_TOKEN,
        resend_key=secrets_of("resend")["api_key"],
        whapi_token=secrets_of("whapi")["token"],
        mobizon_key=secrets_of("mobizon")["api_key"],
    )


class Repeater:
    """A provider that has no simulator: whatever it is asked, it gives the same answer."""

    def __init__(self) -> None:
        self.answer: dict[str, Any] = {"status": 503}
        self.asked = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        await fault_response(self.answer)(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Installation:
    """Where secrets were planted, and all that it printed."""

    scene: Scene
    synkro: CommandLine
    supabase: Repeater

    @property
    def database(self) -> Database:
        return self.scene.platform.database

    def places(self) -> Iterator[Place]:
        """Everything it printed, wrote and stored, but the key file."""
        for number, text in enumerate(self.synkro.printed):
            yield f"printed {number}", text.encode()
        yield from files_below(self.scene.platform.home, but=(KEY_FILE,))
        yield from files_below(PROJECT_ROOT / "dbt_project")
        yield from whole_database(self.database)


@contextmanager
def planted_login(url: str) -> Iterator[str]:
    """The same database, asked for by a login whose password is planted."""
    login = f"planted_{urlsplit(url).path.rpartition('_')[2]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("create role {} superuser login password {}").format(
                sql.Identifier(login), sql.Literal(PASSWORD)
            )
        )
        parts = urlsplit(url)
        address = parts.netloc.rpartition("@")[2]
        yield urlunsplit(parts._replace(netloc=f"{login}:{PASSWORD}@{address}"))
        connection.execute(
            sql.SQL("reassign owned by {} to current_user").format(sql.Identifier(login))
        )
        connection.execute(sql.SQL("drop role {}").format(sql.Identifier(login)))


@pytest.fixture(scope="module")
def lived(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """An installation that went through a day and through whatever goes wrong."""
    home = tmp_path_factory.mktemp("home")
    with (
        scratch_database(server_url, template) as plain_url,
        planted_login(plain_url) as url,
        pytest.MonkeyPatch.context() as patch,
        start_in_thread(create_app()) as server,
        start_in_thread(supabase := Repeater()) as supabase_server,
    ):
        patch.setattr(worlds, "credentials", planted_credentials)
        let_nothing_wait(patch)
        patch.setenv("SYNKRO_ENCRYPTION_KEYS", KEYS)
        patch.setenv("SYNKRO_SESSION_SECRET", planted("session"))
        simulators = Simulators(server.url)
        simulators.calm()
        platform = Platform(Database(url), KeyRing(KEYS.split(",")), SystemClock(), home)
        scene = set_scene(platform, simulators, SLUG)
        (world,) = simulators.ask("GET", "worlds")["worlds"]
        scene.integrations.update(world["senders"])
        scene.integrations["supabase"] = {"base_url": supabase_server.url}
        found = Installation(scene, CommandLine(home, url, []), supabase)
        save(found)
        providers_repeat_the_key(found)
        a_good_day(found)
        people_look_and_mistype(found)
        yield found
        simulators.close()


def ask(
    installation: Installation, *arguments: str, code: int = 0, stdin: str = "", **more: str
) -> None:
    """One command in this process that ends as expected; what it says or raises is kept."""
    given = {
        "SYNKRO_HOME": str(installation.scene.platform.home),
        "SYNKRO_DATABASE_URL": installation.database.url,
        **more,
    }

    def command() -> int | str | None:
        try:
            cli.main()
        except SystemExit as ended:
            return ended.code
        except SynkroError:
            traceback.print_exc()
            return code
        return 0

    with pytest.MonkeyPatch.context() as patch:
        for name, value in given.items():
            patch.setenv(name, value)
        patch.setattr("sys.argv", ["synkro", *arguments])
        patch.setattr("sys.stdin", io.StringIO(stdin))
        ended = recorded(installation, command)
    assert ended == code, installation.synkro.printed[-1]


def start(installation: Installation, *arguments: str, code: int = 0, **more: str) -> None:
    """One command as a process of its own, with the planted secrets in its environment."""
    given = {"SYNKRO_ENCRYPTION_KEYS": KEYS, "SYNKRO_SESSION_SECRET": planted("session")}
    answer = installation.synkro(*arguments, **given, **more)
    assert answer.code == code, answer.stdout + answer.stderr


def save(installation: Installation, *kinds: str) -> None:
    """Every secret field of every kind, or of some, through the command line."""
    known = installation.scene.integrations
    for kind in kinds or KINDS:
        values = {**known[kind], **secrets_of(kind)}
        ask(
            installation, "integrations", "set", SLUG, kind, "--file", "-", stdin=json.dumps(values)
        )


def echoes(kind: str) -> dict[str, dict[str, Any]]:
    """Answers of a provider that repeats its keys, as faults of the simulators."""
    secrets = " ".join(secrets_of(kind).values())
    encoded = b64encode(f"user:{secrets}".encode()).decode()
    return {
        "in its body": {"status": 401, "body": {"detail": f"the key {secrets} is not valid"}},
        "in base64": {"status": 403, "body": {"message": f"Basic {encoded} is not known"}},
        "in an address": {"status": 400, "body": {"error": f"GET /x?a={quote(secrets, safe='')}"}},
        "cut off": {"status": 403, "body": {"title": f"{'x' * 175}{secrets}"}},
        "in a text": {"status": 500, "body": f"<pre>Traceback: key={secrets!r}</pre>"},
        "in a message": {"status": 500, "body": {"error": {"message": f"failed: {secrets}"}}},
        "in a header": {
            "status": 429,
            "headers": {"x-request-id": secrets, "retry-after": "0"},
            "body": {"detail": secrets},
        },
        "not as JSON": {"status": 200, "body": f"key {secrets}"},
    }


# What the kinds are called among the simulators; Supabase has none there.
PROVIDERS = {
    "amocrm": "amocrm",
    "radist": "radist",
    "ai": "gemini",
    "telegram": "telegram",
    "supabase": "supabase",
    "resend": "resend",
    "whapi": "whapi",
    "mobizon": "mobizon",
}

# How providers fail in one run and the next, those together that no other's failure keeps from
# being asked. Checks meet it all, and the senders, to which no run goes, only those.
RUNS = (
    {"amocrm": "in a message", "radist": "in its body"},
    {"ai": "in its body", "telegram": "in its body"},
    {"telegram": "in a message"},
    {"supabase": "in its body"},
    {"supabase": "cut off"},
)


def providers_repeat_the_key(installation: Installation) -> None:
    """Checks and runs while providers fail; in this process, so that nothing waits for retries."""
    scene = installation.scene
    for kind in PROVIDERS:
        for shape in echoes(kind):
            with broken(installation, {kind: shape}):
                outcomes = recorded(installation, lambda k=kind: check(scene, k))
                assert [each.status for each in outcomes] == ["error"], shape
        if kind != "supabase":
            well = recorded(installation, lambda k=kind: check(scene, k))
            assert [each.status for each in well] == ["ok"], "an account that was stopped goes on"
    for shapes in RUNS:
        with broken(installation, shapes):
            recorded(installation, lambda: run(scene))
        if "ai" in shapes:
            report = of_day(scene.platform, scene.tenant, scene.day)
            assert report["status"] == "facts_only", "it was made without the model"
    with broken(installation, {"radist": "in its body"}):
        start(installation, "run", SLUG, "--day", str(DAY), code=1, SYNKRO_DEBUG="1")
        start(installation, "integrations", "check", SLUG, code=1, SYNKRO_DEBUG="1")
        ask(installation, "doctor", "--json", code=1, SYNKRO_DEBUG="1")


def check(scene: Scene, kind: str) -> Any:
    from synkro_assets.operations.integration_checks import check_integrations

    return check_integrations(scene.platform, scene.tenant, kind)


@contextmanager
def broken(installation: Installation, shapes: dict[str, str]) -> Iterator[None]:
    """Providers repeat their keys in these shapes until the block ends; each has to be asked."""
    simulators, supabase = installation.scene.simulators, installation.supabase
    for kind, shape in shapes.items():
        if kind == "supabase":
            supabase.answer, supabase.asked = echoes(kind)[shape], 0
        else:
            simulators.break_requests(PROVIDERS[kind], ".", **echoes(kind)[shape])
    yield
    faults = simulators.ask("GET", "faults")["faults"]
    assert all(fault["hits"] for fault in faults), f"not asked: {faults}"
    assert "supabase" not in shapes or supabase.asked, "Supabase was not asked"
    simulators.calm()


def recorded(installation: Installation, work: Callable[[], Any]) -> Any:
    """The work's answer; what it prints, logs or raises is kept with what commands printed."""
    heard, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(heard), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with redirect_stdout(heard), redirect_stderr(heard):
            return work()
    except SynkroError:
        heard.write(traceback.format_exc())
        return None
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
        installation.synkro.printed.append(heard.getvalue())


def a_good_day(installation: Installation) -> None:
    """The whole day by ``synkro run``, delivered; the repeating project is not asked."""
    installation.scene.disconnect("supabase")
    start(installation, "run", SLUG, "--day", str(DAY), "--deliver", "--json")
    assert installation.scene.chat(), "the report arrived"
    save(installation, "supabase")


def people_look_and_mistype(installation: Installation) -> None:
    """What people ask for, and what they get wrong with a secret in their hands."""
    for arguments in (
        ("integrations", "show", SLUG),
        ("integrations", "show", SLUG, "--json"),
        ("integrations", "check", SLUG, "radist"),
        ("integrations", "check", SLUG, "telegram", "--json"),
        ("keys", "rotate", "--json"),
        ("runs", "list", SLUG, "--json"),
        ("reports", "show", SLUG, "--day", str(DAY), "--json"),
    ):
        ask(installation, *arguments)
    secret = planted("mistyped")
    for kind, values in (
        ("radist", {"company_id": secret, "api_key": secret}),
        ("radist", {"company_id": 1, "api_key": [secret]}),
        ("radist", {"company_id": 1, "api_key": f"{secret}\n{secret}"}),
        ("radist", {"company_id": 1, secret: secret}),
        ("radist", {"base_url": f"https://user:{secret}@host", "company_id": 1, "api_key": "k"}),
        (
            "telegram",
            {"base_url": f"http://h/bot{BOT_TOKEN}", "bot_token": BOT_TOKEN, "chat_id": 1},
        ),
        ("ai", {"provider": secret, "api_key": secret}),
        ("amocrm", {"base_url": f"https://h/?key={secret}", "long_lived_token": secret}),
    ):
        text = json.dumps(values)
        for given in (text, text[:-1], f"{text},"):
            ask(installation, "integrations", "set", SLUG, kind, "--file", "-", stdin=given, code=2)
    for keys in (secret, f"{KEYS},{secret}", KEYS.replace(MARK, "", 1)):
        ask(installation, "integrations", "show", SLUG, code=2, SYNKRO_ENCRYPTION_KEYS=keys)
    url = urlsplit(installation.database.url)
    login = urlunsplit(url._replace(netloc=f"{url.username}@{url.netloc.rpartition('@')[2]}"))
    separate = {"SYNKRO_DATABASE_URL": login, "SYNKRO_DATABASE_PASSWORD": PASSWORD}
    ask(installation, "tenants", "list", **separate)
    for broken_url in (f"mysql://a:{PASSWORD}@h/x", f"postgresql://a:{PASSWORD}@h:many/x"):
        ask(installation, "tenants", "list", code=2, SYNKRO_DATABASE_URL=broken_url)
    for unreachable in (f"postgresql://a:{PASSWORD}@127.0.0.1:1/x", f"{url.geturl()}_not"):
        for debug in ("0", "1"):
            ask(
                installation, "tenants", "list",
                code=1, SYNKRO_DATABASE_URL=unreachable, SYNKRO_DEBUG=debug,
            )  # fmt: skip


def test_the_secrets_are_planted(lived: Installation) -> None:
    stored = integration_settings.stored(lived.scene.platform, lived.scene.tenant)
    opened = {
        kind: integration_settings.opened(lived.scene.platform, lived.scene.tenant, each)
        for kind, each in stored.items()
    }
    assert opened == {kind: secrets_of(kind) for kind in KINDS}
    assert all(MARK in value for secrets in opened.values() for value in secrets.values())


def test_no_secret_is_found_anywhere(lived: Installation) -> None:
    assert leaks(lived.places()) == []


def test_the_search_covers_what_it_should(lived: Installation) -> None:
    found = dict(lived.places())
    dump = found["pg_dump"]
    for table in (
        "app.job_run_events", "app.deliveries", "app.audit_logs", "public.integration_logs",
        "dagster.event_logs", "dagster.runs",
    ):  # fmt: skip
        rows = dump.partition(f"COPY {table} ".encode())[2].partition(b"\n\\.\n")[0]
        assert len(rows.splitlines()) > 1, table
    assert dump.count(b"\tgAAAA") == len(KINDS)
    assert b"*** is not valid" in dump
    assert any(name.endswith("unpacked") for name in found)
    assert any("dagster.yaml" in name for name in found)
    printed = "".join(lived.synkro.printed)
    for said in ("Traceback (most recent call last)", "not valid", "••••tail", "facts"):
        assert said in printed


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "base64": lambda text: b64encode(f"u:{text}".encode()).decode(),
    "base64 elsewhere": lambda text: b64encode(text.encode()).decode(),
    "address": lambda text: quote(text, safe=""),
    "hex": lambda text: text.encode().hex(),
    "a third of it": lambda text: text[: len(text) // 3 + 1],
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_the_search_knows_a_secret_in_each_spelling(spell: Callable[[str], str]) -> None:
    text = f"before {spell(secrets_of('radist')['api_key'])} after"
    assert leaks(iter([("a text", text.encode())]))


@pytest.mark.parametrize("place", ["printed", "file", "table", "Dagster's log", "packed"])
def test_the_search_finds_a_secret_in_each_place(lived: Installation, place: str) -> None:
    with left_behind(lived, place, secrets_of("radist")["api_key"]):
        assert leaks(lived.places())


@contextmanager
def left_behind(lived: Installation, place: str, text: str) -> Iterator[None]:
    """The text in one of the places where none may be, until the block ends."""
    tables = {
        "table": "update app.tenants set name = %s",
        "Dagster's log": "insert into dagster.event_logs (run_id, event) values ('planted', %s)",
        "packed": "insert into dagster.snapshots (snapshot_id, snapshot_body, snapshot_type) "
        "values ('planted', %s, 'JOB')",
    }
    if place == "printed":
        lived.synkro.printed.append(text)
        yield
        lived.synkro.printed.pop()
    elif place == "file":
        file = lived.scene.platform.home / "left.log"
        file.write_text(text)
        yield
        file.unlink()
    else:
        value = zlib.compress(text.encode()) if place == "packed" else text
        with as_owner(lived.database) as connection:
            connection.execute(tables[place], [value])  # type: ignore[arg-type]
        yield
        with as_owner(lived.database) as connection:
            connection.execute("update app.tenants set name = 'P'")
            connection.execute("delete from dagster.event_logs where run_id = 'planted'")
            connection.execute("delete from dagster.snapshots where snapshot_id = 'planted'")
