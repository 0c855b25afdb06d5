"""The pgTAP suite, file by file, and proof that it turns red when a wall is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.databases import SERVER_VARIABLE, disconnect_all, scratch_database
from tests.pgtap import FILES, FOLDER, judged, load_pgtap, run_file
from tests.tools import NO_PG_PROVE, not_run


@pytest.fixture(scope="module")
def url(server_url: str, template: str) -> Iterator[str]:
    """A database that is up to date, with pgTAP in it; every file rolls back what it does."""
    with scratch_database(server_url, template) as url:
        load_pgtap(url)
        yield url


@pytest.mark.parametrize("name", FILES)
def test_the_walls_hold(url: str, name: str) -> None:
    outcome = run_file(url, name)
    assert outcome.complaints == []
    assert outcome.tests >= 10


def test_pg_prove_agrees(server_url: str, template: str) -> None:
    """As Supabase's own `test db` runs the files, with pgTAP as the extension it is there."""
    if not os.environ.get(SERVER_VARIABLE):
        pytest.skip("the embedded server has no extension pgTAP: .ci/run asks Debian's")
    program = shutil.which("pg_prove")
    if program is None:
        not_run(NO_PG_PROVE)
    disconnect_all(server_url, template)
    with scratch_database(server_url, template) as url:
        proved = subprocess.run(
            [program, "--dbname", url, *(str(FOLDER / name) for name in FILES)],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert proved.returncode == 0, proved.stdout + proved.stderr
    assert f"Files={len(FILES)}" in proved.stdout
    assert "Result: PASS" in proved.stdout


# What somebody might do by mistake -> a file of the suite that must turn red, and what it says.
SABOTAGE = {
    "alter table raw.radist_messages disable row level security": ("01", "row security"),
    "alter table app.reports no force row level security": ("01", "forced"),
    "create table marts.rebuilt (tenant_id uuid)": ("01", "row security"),
    "create table app.notes (id bigint primary key)": ("01", "row security"),
    "create materialized view marts.seen as select 1 as id": ("01", "cannot wall off"),
    'drop policy "The pipeline works within the tenant of its transaction" on app.reports': (
        "03",
        "pipeline in A and the rows of others in app.reports",
    ),
    "create policy \"Everybody reads it\" on app.reports for select using (true)": (
        "01",
        "names its roles",
    ),
    "create policy \"Analysts read all of it\" on app.job_runs for select to synkro_readonly "
    "using (true)": ("03", "sees of others"),
    "create policy \"Runs write where they like\" on app.job_run_events for insert "
    "to synkro_pipeline with check (true)": ("03", "adds to others"),
    "alter policy \"Analysts read within the tenant of their session\" on app.reports "
    "using (tenant_id = app.current_tenant_id())": ("01", "once for each query"),
    "alter policy \"Signed-in users read the reports of their tenants\" on app.reports "
    "using (true)": ("04", "manager sees"),
    "grant select on app.reports to anon": ("02", "anonymous"),
    "grant select on raw.radist_messages to authenticated": ("02", "signed-in people"),
    "grant select on app.integration_configs to synkro_readonly": ("02", "secrets"),
    "grant select (password_hash) on app.users to synkro_readonly": ("02", "secrets"),
    "grant truncate on app.reports to synkro_pipeline": ("02", "truncate"),
    "grant delete on app.audit_logs to synkro_console": ("02", "append-only"),
    "grant create on schema raw to synkro_pipeline": ("01", "create anything"),
    "alter role synkro_readonly bypassrls": ("01", "passes walls"),
    "alter role synkro_pipeline login": ("01", "logs in"),
    "grant synkro_console to synkro_pipeline": ("01", "become another"),
    "alter function app.current_tenant_id() reset search_path": ("01", "fixed search_path"),
    "alter function app.my_tenant_ids() set search_path = ''": ("01", "temporary ones last"),
    "grant execute on function app.my_tenant_ids() to public": ("01", "just everybody"),
    "alter view staging.stg_radist__messages set (security_invoker = false)": (
        "01",
        "rights of who asks",
    ),
    "drop index app.user_roles_by_tenant": ("01", "by an index"),
    "create or replace function app.current_tenant_id() returns uuid language sql stable "
    "set search_path = '' return nullif(pg_catalog.current_setting('app.tenant_id', true), '')"
    "::uuid": ("05", "says no tenant"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", SABOTAGE)
def test_a_mistake_turns_the_suite_red(url: str, mistake: str) -> None:
    number, said = SABOTAGE[mistake]
    (name,) = [name for name in FILES if name.startswith(number)]
    outcome = run_file(url, name, before=mistake)
    assert outcome.tests, outcome.complaints
    assert said in "\n".join(outcome.complaints)


@pytest.mark.parametrize(
    "output",
    [
        "",
        "1..2\nok 1 - one",
        "1..1\nnot ok 1 - one",
        "ok 1 - one\nok 2 - two",
        "1..2\nok 1 - one\nok 1 - one",
    ],
)
def test_a_suite_that_breaks_off_is_red(output: str) -> None:
    assert judged(output).complaints
    assert judged("1..1\nok 1 - one").complaints == []
    assert judged("1..1\nok 1 - one", "server closed the connection").complaints
