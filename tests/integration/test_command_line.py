"""The real command: exit codes, one clear line for what goes wrong, JSON and nothing else."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import scratch_database, with_database, with_password
from tests.integration.command_line import CommandLine

PASSWORD = "planted-pa55word"
API_KEY = "planted-api-key-77aa"
RADIST = {"base_url": "http://127.0.0.1:9/v2", "company_id": 7, "api_key": API_KEY}


@pytest.fixture(scope="module")
def synkro(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CommandLine]:
    """One installation with one tenant; no secret is ever printed by any command."""
    with scratch_database(server_url, template) as url:
        command = CommandLine(tmp_path_factory.mktemp("home"), url, [])
        added = command("tenants", "add", "acme", "--name", "Acme", "--timezone", "Europe/Moscow")
        assert added.code == 0, added.stderr
        saved = command(
            "integrations", "set", "acme", "radist", "--file", "-", stdin=json.dumps(RADIST)
        )
        assert saved.code == 0, saved.stderr
        yield command
    everything = "".join(command.printed)
    assert PASSWORD not in everything
    assert API_KEY not in everything


def test_help_is_answered_on_stdout(synkro: CommandLine) -> None:
    helped = synkro("--help")
    assert (helped.code, helped.stderr) == (0, "")
    for command in ("demo", "up", "migrate", "doctor", "run", "tenants", "integrations", "reports"):
        assert command in helped.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--nope"], "No such option: --nope"),
        (["nosuch"], "No such command 'nosuch'"),
        (["run"], "Missing argument 'SLUG'"),
        (["reports", "list", "acme", "--limit", "0"], "Invalid value for '--limit'"),
        (["run", "nobody"], "unknown tenant 'nobody': 'synkro tenants list' shows"),
        (["run", "Not_A_Slug"], "'Not_A_Slug' is not a tenant slug: use"),
        (["run", "acme", "--day", "05.03.2026"], "'05.03.2026' is not a day: write it as"),
        (["run", "acme", "--day", "2999-01-01"], "2999-01-01 of acme has not ended"),
        (["tenants", "set", "acme", "mode=nope"], "unknown mode 'nope': choose one of"),
        (["tenants", "set", "acme", "nope=1"], "unknown setting 'nope': there are"),
        (["tenants", "set", "acme", "max_amo_leads=0"], "breaks the rule 'max amo leads in range'"),
        (["integrations", "set", "acme", "fax", "--file", "-"], "unknown integration 'fax'"),
        (["demo", "--dialogs", "nowhere.jsonl"], "there is no dialogs file nowhere.jsonl"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    synkro: CommandLine, arguments: list[str], said: str
) -> None:
    assert said in synkro.here(*arguments, stdin="{}").complaint(2)


def test_wrong_mode_leaves_no_tenant_behind(synkro: CommandLine) -> None:
    refused = synkro.here(
        "tenants", "add", "b2", "--name", "B", "--timezone", "UTC", "--mode", "amocrm"
    )
    assert "unknown mode 'amocrm'" in refused.complaint(2)
    assert [each["slug"] for each in synkro.here("tenants", "list", "--json").document()] == [
        "acme"
    ]


def test_a_report_that_was_not_made_is_exit_code_1(synkro: CommandLine) -> None:
    said = synkro.here("reports", "show", "acme", "--day", "2026-03-05").complaint(1)
    assert "make it with 'synkro run acme --day 2026-03-05'" in said


def test_a_run_without_an_integration_is_exit_code_2(synkro: CommandLine) -> None:
    failed = synkro("run", "acme", "--day", "2026-03-05")
    assert failed.code == 2
    assert "Traceback" not in failed.stderr
    assert failed.stdout == ""
    last = failed.stderr.strip().splitlines()[-1]
    assert last.startswith("synkro: acme, 2026-03-05: tenant acme has no amocrm integration")


def test_a_broken_integration_file_is_named_by_its_line(synkro: CommandLine) -> None:
    broken = json.dumps(RADIST, indent=1).replace('"company_id": 7,', '"company_id": ,')
    refused = synkro.here("integrations", "set", "acme", "radist", "--file", "-", stdin=broken)
    assert "not JSON: line 3" in refused.complaint(2)


@pytest.mark.parametrize(
    ("url", "code", "said"),
    [
        (f"mysql://root:{PASSWORD}@127.0.0.1/x", 2, "is not a PostgreSQL URL"),
        (f"postgresql://a:{PASSWORD}@127.0.0.1:1/x", 1, "127.0.0.1:1/x does not answer"),
    ],
    ids=["another kind", "down"],
)
def test_a_database_that_cannot_be_used(
    synkro: CommandLine, url: str, code: int, said: str
) -> None:
    assert said in synkro.here("tenants", "list", SYNKRO_DATABASE_URL=url).complaint(code)


def test_a_wrong_password_and_a_missing_database(synkro: CommandLine, server_url: str) -> None:
    wrong = synkro.here("tenants", "list", SYNKRO_DATABASE_URL=with_password(server_url, PASSWORD))
    assert "refused the user or password" in wrong.complaint(1)
    missing = synkro.here(
        "tenants", "list", SYNKRO_DATABASE_URL=with_database(server_url, "nowhere")
    )
    assert "nowhere does not exist" in missing.complaint(1)


def test_a_database_that_was_never_migrated(synkro: CommandLine, server_url: str) -> None:
    with scratch_database(server_url) as url:
        refused = synkro.here("tenants", "list", SYNKRO_DATABASE_URL=url)
        assert "run 'synkro migrate'" in refused.complaint(2)
        planned = synkro.here("migrate", "--dry-run", "--json", SYNKRO_DATABASE_URL=url).document()
    assert planned["dry_run"] is True
    assert planned["transforms_built"] is True
    assert len(planned["migrations"]) >= 6


def test_a_broken_dialogs_file_is_named_by_its_line_and_loads_nothing(
    synkro: CommandLine, tmp_path: Path
) -> None:
    dialogs = tmp_path / "talk.jsonl"
    whole = {"dialog_id": "1", "messages": [{"role": "client", "text": "Здравствуйте"}]}
    dialogs.write_text(json.dumps(whole) + '\n{"dialog_id": "2"\n', encoding="utf-8")
    refused = synkro("demo", "--dialogs", str(dialogs))
    assert refused.code == 2
    assert "Traceback" not in refused.stderr
    last = refused.stderr.strip().splitlines()[-1]
    assert last.startswith("synkro: the simulators refused: line 2: not JSON")
    assert synkro("integrations", "show", "demo-talk", "--json").document() == []
    assert synkro("reports", "list", "demo-talk", "--json").document() == []


def test_json_is_one_document_and_nothing_else(synkro: CommandLine) -> None:
    assert synkro("migrate", "--json").document() == {
        "dry_run": False,
        "migrations": [],
        "transforms_built": False,
    }
    assert synkro("tenants", "show", "acme", "--json").document()["slug"] == "acme"
    assert synkro("reports", "list", "acme", "--json").document() == []
    (shown,) = synkro("integrations", "show", "acme", "--json").document()
    assert shown["kind"] == "radist"
    assert shown["company_id"] == 7


def test_a_check_that_fails_still_answers_with_json(synkro: CommandLine) -> None:
    examined = synkro("doctor", "--json")
    assert examined.code == 1
    findings = {each["subject"]: each["status"] for each in json.loads(examined.stdout)}
    assert findings["database"] == findings["schema"] == "ok"
    assert findings["tenant acme"] == "error"
    assert examined.stderr.strip().startswith("synkro: not healthy: tenant acme")


def test_debugging_shows_the_traceback(synkro: CommandLine) -> None:
    failed = synkro("tenants", "show", "nobody", SYNKRO_DEBUG="1")
    assert failed.code != 0
    assert "Traceback" in failed.stderr
    assert "UnknownTenant" in failed.stderr


def test_wrong_settings_name_the_variable(synkro: CommandLine) -> None:
    said = synkro.here("tenants", "list", SYNKRO_CODE_SERVER_PORT="many").complaint(2)
    assert "SYNKRO_CODE_SERVER_PORT" in said
    keys = synkro.here("tenants", "list", SYNKRO_ENCRYPTION_KEYS=PASSWORD).complaint(2)
    assert "SYNKRO_ENCRYPTION_KEYS holds something that is no Fernet key" in keys
