"""What can be wrong with a tenant's project: one sentence in the check and in the run."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from synkro_assets.domain.errors import ProviderError, ProviderRefused, ProviderUnavailable
from tests.integration.export.conftest import Exporting, MakeProject
from tests.tenant_project import (
    PUBLISHABLE_KEY,
    SECRET_KEY,
    TenantProject,
    running_project,
    token,
)

NOWHERE = "http://127.0.0.1:9"
PASTE = "paste what 'synkro integrations schema-sql' prints into its SQL editor"


@dataclass(frozen=True)
class Bad:
    """What is wrong and what is said of it; ``trouble`` is what the gateway answers."""

    says: str
    changes: dict[str, Any] = field(default_factory=dict)
    trouble: dict[str, Any] | None = None


WRONG = {
    "an address where nobody listens": Bad("cannot be reached at 127.0.0.1", {"base_url": NOWHERE}),
    "an address that is no address": Bad(
        "cannot be reached at nowhere.invalid", {"base_url": "http://nowhere.invalid"}
    ),
    "the dashboard's address": Bad(
        "there is no Supabase project at 127.0.0.1: check base_url",
        trouble={"status": 200, "body": "<html>Supabase</html>"},
    ),
    "an address that leads elsewhere": Bad(
        "there is no Supabase project at 127.0.0.1: check base_url",
        trouble={"status": 404, "body": '{"error":"requested path is invalid"}'},
    ),
    "a wrong key": Bad(
        "refused the key (status 401) (Invalid API key): save the secret (service_role) key",
        {"service_role_key": "sb_secret_wrong0wrong0wrong"},
    ),
    "a key that is refused without a word": Bad(
        "or the service_role key of the legacy keys in its place",
        trouble={"status": 401, "body": ""},
    ),
    "a publishable key": Bad(
        "holds the publishable key (sb_publishable_…), which may not write",
        {"service_role_key": PUBLISHABLE_KEY},
    ),
    "an anon key": Bad(
        "holds the anon key, which may not write", {"service_role_key": token("anon")}
    ),
    "a paused project that says so": Bad(
        "project is paused: restore it in its dashboard", trouble={"status": 540}
    ),
    "a paused project": Bad(
        "does not answer (status 522): see in its dashboard whether it is paused",
        trouble={"status": 522},
    ),
    "a gateway that gave up": Bad(
        "does not answer (status 544): see in its dashboard whether it is paused",
        trouble={"status": 544},
    ),
    "a gateway in despair": Bad(
        "does not answer (status 503): see in its dashboard whether it is paused",
        trouble={"status": 503},
    ),
}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("wrong", WRONG)
def test_it_is_said_in_one_sentence_in_the_check_and_in_the_run(
    exporting: Exporting, project: TenantProject, wrong: str
) -> None:
    bad = WRONG[wrong]
    exporting.connect(project, **bad.changes)
    if bad.trouble:
        project.gateway.break_requests(**{"media_type": "text/html", **bad.trouble})
    outcome = exporting.check()
    with pytest.raises(ProviderError) as refused:
        exporting.export()
    for said in (outcome.error, str(refused.value), exporting.owed()["last_error"]):
        assert said is not None
        assert bad.says in said
        assert "\n" not in said and SECRET_KEY not in said
    (stored,) = exporting.scene.rows(
        "select status, last_error, last_checked_at from app.integration_configs "
        "where kind = 'supabase'"
    )
    assert (stored["status"], stored["last_error"]) == ("error", outcome.error)
    assert stored["last_checked_at"] is not None
    assert not project.gateway.asked("POST") or bad.trouble
    assert project.count("contacts") == project.count("leads") == 0


def test_a_publishable_key_is_refused_before_any_request(
    exporting: Exporting, project: TenantProject
) -> None:
    exporting.connect(project, service_role_key=project.publishable_key)
    with pytest.raises(ProviderRefused, match="may not write"):
        exporting.export()
    assert exporting.check().status == "error"
    assert project.gateway.seen == []


def test_a_key_of_an_unknown_kind_is_judged_by_the_project(
    exporting: Exporting, make_project: MakeProject
) -> None:
    with make_project(old_keys=True) as project:
        exporting.connect(project, service_role_key=token("analyst"))
        assert 'role "analyst" does not exist' in (exporting.check().error or "")
        exporting.connect(project, service_role_key=token("service_role", "another secret"))
        assert "Supabase refused the key (status 401)" in (exporting.check().error or "")
        with pytest.raises(ProviderRefused, match=r"refused the key \(status 401\)"):
            exporting.export()


def test_missing_tables_and_columns_are_all_named(
    exporting: Exporting, make_project: MakeProject
) -> None:
    missing = (
        "drop table public.messages; alter table public.leads drop column price_amount, "
        "drop column is_won"
    )
    with make_project(then=missing) as project:
        exporting.connect(project)
        said = exporting.check().error or ""
        lacks = "column leads.price_amount, column leads.is_won, table messages"
        assert said == f"the Supabase project lacks {lacks}: {PASTE}"
        with pytest.raises(ProviderRefused) as refused:
            exporting.export()
        assert "the Supabase project has no column " in str(refused.value)
        assert str(refused.value).endswith(PASTE)


def test_a_project_without_any_table_says_so_in_the_run(
    exporting: Exporting, make_project: MakeProject
) -> None:
    with make_project(migrations=()) as project:
        exporting.connect(project)
        named = ", ".join(
            f"table {name}"
            for name in ("contacts", "leads", "lead_contacts", "dialogs", "messages", "reports")
        )
        assert f"lacks {named}: paste" in (exporting.check().error or "")
        with pytest.raises(ProviderRefused, match="project has no table reports: paste"):
            exporting.export()


def test_tables_that_were_not_granted_to_the_key_are_told_from_a_wrong_key(
    exporting: Exporting, make_project: MakeProject
) -> None:
    with make_project(grants="revoke insert on public.contacts from service_role") as project:
        exporting.connect(project)
        with pytest.raises(ProviderRefused, match="permission denied for table contacts"):
            exporting.export()


def test_a_table_of_that_name_which_is_somebody_elses_is_left_alone(server_url, tmp_path) -> None:
    with (
        pytest.raises(Exception, match=r"public\.leads exists and is not Synkro's"),
        running_project(server_url, tmp_path / "p", migrations=(), then=own_leads()),
    ):
        pass


def own_leads() -> str:
    from synkro_assets.operations.supabase_export import schema_sql
    from tests.compose import ROOT

    return "create table public.leads (id bigint);" + schema_sql(ROOT)


@pytest.mark.parametrize("table", ["leads", "messages", "reports"])
def test_nobody_but_the_secret_key_reads_or_writes_a_row(
    exporting: Exporting, project: TenantProject, table: str
) -> None:
    exporting.connect(project)
    counts = exporting.export()
    row = project.rows(
        f"select to_jsonb(stored) - 'report_row_id' as row from public.{table} as stored limit 1"
    )
    anon, person = (
        {"key": PUBLISHABLE_KEY},
        {"key": PUBLISHABLE_KEY, "bearer": token("authenticated")},
    )
    assert project.ask("GET", table, **anon).json()["code"] == "42501"
    assert project.ask("GET", table, **person).json() == []
    for who in (anon, person):
        for method in ("POST", "DELETE", "PATCH"):
            answer = project.ask(
                method, f"{table}?tenant_id=not.is.null", json=row[0]["row"], **who
            )
            assert answer.status_code in (401, 403), answer.text
            assert answer.json()["code"] == "42501"
    assert project.count(table) == counts[table]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("status", [502, 503, 504, 522, 544])
def test_a_gateways_page_is_survived(
    exporting: Exporting, project: TenantProject, status: int
) -> None:
    exporting.connect(project)
    project.gateway.break_requests(status, times=2, method="POST", path="leads")
    project.gateway.break_requests(status, times=2, method="GET", path="messages")
    counts = exporting.export()
    assert project.count("leads") == counts["leads"]
    assert project.count("messages") == counts["messages"]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("code", "status", "attempts", "raised"),
    [
        ("21000", 500, 1, ProviderRefused),
        ("23505", 409, 1, ProviderRefused),
        ("57014", 500, 5, ProviderUnavailable),
        ("PGRST002", 503, 5, ProviderUnavailable),
    ],
)
def test_what_a_repetition_cannot_help_is_not_repeated(
    exporting: Exporting,
    project: TenantProject,
    code: str,
    status: int,
    attempts: int,
    raised: type[Exception],
) -> None:
    exporting.connect(project)
    project.gateway.break_requests(
        status, method="POST", body=f'{{"code":"{code}","message":"no"}}',
        media_type="application/json",
    )  # fmt: skip
    with pytest.raises(raised):
        exporting.export()
    assert len(project.gateway.asked("POST")) == attempts
