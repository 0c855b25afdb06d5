"""A day in the tenant's own project: the same rows, however often and whatever was there before."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from synkro_assets.delivery.export_tables import TABLES
from synkro_assets.domain.errors import IncompleteExport
from tests.databases import as_owner
from tests.integration.export.conftest import Exporting, MakeProject
from tests.tenant_project import MIGRATIONS, TenantProject, asked_anew

MART_COUNTS = {
    "leads": "select count(*) as n from marts.fct_leads",
    "dialogs": "select count(*) as n from marts.fct_dialogs",
    "messages": "select count(*) as n from marts.fct_messages",
    "reports": "select count(*) as n from app.reports",
}
MANY = 20_000


def everything(project: TenantProject) -> dict[str, list[str]]:
    """All rows of all tables, without what counts rows there."""
    return {
        table.name: [
            each["row"]
            for each in project.rows(
                "select (to_jsonb(stored) - 'report_row_id')::text as row "
                f"from public.{table.name} as stored order by 1"
            )
        ]
        for table in TABLES
    }


def plant(exporting: Exporting, query: str, *values: Any) -> None:
    with as_owner(exporting.scene.platform.database) as connection:
        connection.execute(query, values)  # type: ignore[arg-type]  # a test's own text


def plant_messages(exporting: Exporting, count: int) -> None:
    """More messages in the day's first dialog."""
    plant(
        exporting,
        "insert into raw.radist_messages (tenant_id, business_day, radist_chat_id, "
        "radist_message_id, direction, created_at, payload, fetched_at, run_id) "
        "select tenant_id, business_day, radist_chat_id, 'planted, \"' || n || '\"', 'inbound', "
        "first_message_at, jsonb_build_object('message_type', 'text', 'text', "
        "jsonb_build_object('text', 'Сколько стоит? 🙂 №' || n)), now(), 'planted' "
        "from (select * from marts.fct_dialogs order by radist_chat_id limit 1) as dialog, "
        "generate_series(1, %s) as n",
        count,
    )


def plant_forced_reports(exporting: Exporting) -> None:
    """Two forced reports on the day, the later one last."""
    for words in ("earlier", "later"):
        plant(
            exporting,
            "insert into app.reports (tenant_id, business_day, report_type, period_start, "
            "period_end, window_start, window_end, status, summary_text, data_ref) "
            "select tenant_id, business_day, 'forced', period_start, period_end, window_start, "
            "window_end, 'complete', %s, 'window' from app.reports where report_type = 'daily'",
            words,
        )


def test_the_day_arrives_whole_and_again_is_the_same(
    exporting: Exporting, project: TenantProject
) -> None:
    exporting.connect(project)
    counts = exporting.export()
    assert counts.keys() == {table.name for table in TABLES}
    assert all(counts.values()), counts
    for table, query in MART_COUNTS.items():
        assert counts[table] == exporting.scene.rows(query)[0]["n"], table
    first = everything(project)
    assert {name: len(rows) for name, rows in first.items()} == counts
    assert exporting.export() == counts
    assert everything(project) == first
    owed = exporting.owed()
    assert (owed["status"], owed["rows_by_table"], owed["attempts"]) == ("done", counts, 2)


def test_what_arrives_is_what_the_marts_say(exporting: Exporting, project: TenantProject) -> None:
    exporting.connect(project)
    exporting.export()
    for table, mart in (("leads", "fct_leads"), ("dialogs", "fct_dialogs")):
        shared = [
            row["column_name"]
            for row in exporting.scene.rows(
                "select column_name from information_schema.columns "
                "where table_schema = 'marts' and table_name = %s",
                mart,
            )
            if row["column_name"] in next(t for t in TABLES if t.name == table).columns
        ]
        assert len(shared) > 15
        query = f"select {', '.join(shared)} from {{}}.{{}} order by 1, 2, 3"
        there = project.rows(query.format("public", table))
        assert there == exporting.scene.rows(query.format("marts", mart)), table


def test_twenty_thousand_messages_twice_leave_the_same_rows(
    exporting: Exporting, project: TenantProject
) -> None:
    exporting.connect(project)
    plant_messages(exporting, MANY)
    counts = exporting.export()
    assert counts["messages"] > MANY
    first = everything(project)
    assert len(first["messages"]) == counts["messages"]
    reads = exporting_reads(project)
    # The project answers 1,000 rows at most, whatever is asked for.
    assert len(reads) == -(-counts["messages"] // 1000)
    assert exporting.export() == counts
    assert everything(project) == first
    assert [line for line in exporting.step_log() if "rows sent" in line]


def exporting_reads(project: TenantProject) -> list[str]:
    """The pages of messages that were read back."""
    asked = project.gateway.asked("GET", "/rest/v1/messages")
    return [path for _, path, _ in asked if "limit=1000" in path]


def test_rows_the_day_no_longer_has_are_deleted_and_other_days_and_tenants_are_let_be(
    exporting: Exporting, project: TenantProject
) -> None:
    exporting.connect(project)
    plant_messages(exporting, 250)
    before = exporting.export()
    project.rows(
        "insert into public.dialogs select (jsonb_populate_record(dialog, jsonb_build_object("
        "'tenant_id', gen_random_uuid()))).* from public.dialogs as dialog"
    )
    project.rows(
        "insert into public.dialogs select (jsonb_populate_record(dialog, jsonb_build_object("
        "'business_day', dialog.business_day - 1))).* from public.dialogs as dialog "
        "where tenant_id = %s",
        exporting.scene.tenant.tenant_id,
    )
    plant(exporting, "delete from raw.radist_messages where run_id = 'planted'")
    plant(
        exporting,
        "delete from marts.fct_dialogs where radist_chat_id = "
        "(select max(radist_chat_id) from marts.fct_dialogs)",
    )
    after = exporting.export()
    assert before["messages"] - after["messages"] > 250
    assert before["dialogs"] - after["dialogs"] == 1
    mine = "where tenant_id = %s and business_day = %s"
    scope = (exporting.scene.tenant.tenant_id, exporting.scene.day)
    for table in ("dialogs", "messages"):
        found = project.rows(f"select count(*) as n from public.{table} {mine}", *scope)
        assert found[0]["n"] == after[table]
    others = project.rows(
        f"select count(*) as n from public.dialogs where not ({mine[6:]})", *scope
    )
    assert others[0]["n"] == 2 * before["dialogs"]
    assert any("rows deleted that the day no longer has" in line for line in exporting.step_log())


def test_a_link_that_ended_and_a_contact_that_is_gone_are_seen_as_such(
    exporting: Exporting, project: TenantProject
) -> None:
    exporting.connect(project)
    before = exporting.export()
    (pair,) = exporting.scene.rows(
        "select amocrm_lead_id as lead, amocrm_contact_id as contact "
        "from raw.amocrm_lead_contacts join marts.fct_leads using (tenant_id, amocrm_lead_id) "
        "order by 1, 2 limit 1"
    )
    there = "select amocrm_contact_id from public.lead_contacts where amocrm_lead_id = %s"
    assert project.rows(there, pair["lead"]) == [{"amocrm_contact_id": pair["contact"]}]
    plant(
        exporting,
        "insert into raw.amocrm_leads select distinct on (amocrm_lead_id) tenant_id, "
        "amocrm_lead_id, updated_at + interval '1 day', business_day, false, "
        "jsonb_set(payload, '{_embedded,contacts}', '[]'), fetched_at, 'planted' "
        "from raw.amocrm_leads where amocrm_lead_id = %s order by amocrm_lead_id, updated_at desc",
        pair["lead"],
    )
    plant(
        exporting,
        "insert into raw.amocrm_contact_sightings select tenant_id, amocrm_contact_id, "
        "business_day, true, '{}', now() + interval '1 day', 'planted' "
        "from raw.amocrm_contacts where amocrm_contact_id = %s",
        pair["contact"],
    )
    assert exporting.export()["lead_contacts"] == before["lead_contacts"] - 1
    assert project.rows(there, pair["lead"]) == []
    gone = "select amocrm_contact_id from public.contacts where is_deleted"
    assert project.rows(gone) == [{"amocrm_contact_id": pair["contact"]}]


def test_several_reports_of_a_day_are_rows_of_their_own(
    exporting: Exporting, project: TenantProject
) -> None:
    exporting.connect(project)
    plant_forced_reports(exporting)
    assert exporting.export()["reports"] == 3
    found = project.rows("select source_report_id::text as id from public.reports order by 1")
    ours = exporting.scene.rows("select report_id::text as id from app.reports order by 1")
    assert found == ours


def test_a_project_from_before_source_report_id_keeps_one_report_of_a_type_and_is_completed_later(
    exporting: Exporting, make_project: MakeProject, tmp_path: Path
) -> None:
    plant_forced_reports(exporting)
    with make_project(migrations=MIGRATIONS[:1]) as project:
        exporting.connect(project)
        assert exporting.check().status == "ok"
        assert "no source_report_id" in exporting.check().seen["older"]
        assert exporting.export()["reports"] == 2
        assert exporting.export()["reports"] == 2
        kept = "select report_type, summary_text from public.reports order by report_type"
        assert project.rows(kept)[1] == {"report_type": "forced", "summary_text": "later"}
        assert any("no source_report_id" in line for line in exporting.step_log())
        for path in MIGRATIONS * 2:
            project.rows(path.read_text(encoding="utf-8"))
        with asked_anew(project, tmp_path / "anew"):
            assert "older" not in exporting.check().seen
            assert exporting.export()["reports"] == 3
        assert project.count("reports") == 3
        assert not project.rows("select 1 as n from public.reports where source_report_id is null")


def test_a_row_that_the_project_swallows_fails_the_export(
    exporting: Exporting, make_project: MakeProject
) -> None:
    swallow = (
        "create function public.swallow() returns trigger language plpgsql "
        "as $$ begin if new.direction = 'outbound' then return null; end if; return new; end $$;"
        "create trigger swallow before insert on public.messages "
        "for each row execute function public.swallow();"
    )
    with make_project(then=swallow) as project:
        exporting.connect(project)
        with pytest.raises(IncompleteExport, match="does not hold the day's messages"):
            exporting.export()
    owed = exporting.owed()
    assert owed["status"] == "pending"
    assert "does not hold the day's messages" in owed["last_error"]


def test_a_row_that_vanishes_behind_our_back_fails_the_export(
    exporting: Exporting, make_project: MakeProject
) -> None:
    lose = (
        "create function public.lose() returns trigger language plpgsql security definer as $$ "
        "begin delete from public.leads where amocrm_lead_id = (select max(amocrm_lead_id) "
        "from public.leads); return null; end $$;"
        "create trigger lose after insert on public.leads "
        "for each statement execute function public.lose();"
    )
    with make_project(then=lose) as project:
        exporting.connect(project)
        with pytest.raises(IncompleteExport, match=r"1 of \d+ rows are not there"):
            exporting.export()


def test_opaque_keys_travel_as_api_key_only_and_nobody_pretends_to_be_a_browser(
    exporting: Exporting, project: TenantProject
) -> None:
    exporting.connect(project)
    exporting.export()
    assert project.gateway.seen
    for _, _, headers in project.gateway.seen:
        assert headers["apikey"] == project.secret_key
        assert "authorization" not in headers
        assert headers["user-agent"] == "synkro"


def test_old_keys_work_and_travel_as_bearer_too(
    exporting: Exporting, make_project: MakeProject
) -> None:
    with make_project(old_keys=True) as project:
        exporting.connect(project)
        assert exporting.check().seen["key"] == "service_role key"
        counts = exporting.export()
        assert project.count("messages") == counts["messages"]
        for _, _, headers in project.gateway.seen:
            assert headers["authorization"] == f"Bearer {project.secret_key}"


def test_a_day_without_a_report_has_nothing_to_export(
    exporting: Exporting, project: TenantProject
) -> None:
    exporting.connect(project)
    plant(exporting, "delete from app.reports")
    with pytest.raises(Exception, match="has no report yet, so there is nothing to export"):
        exporting.export()
    assert project.gateway.seen == []


def test_a_failed_export_is_due_again_after_a_pause_that_grows(
    exporting: Exporting, project: TenantProject
) -> None:
    exporting.connect(project, service_role_key=project.publishable_key)
    pauses = []
    for _ in range(3):
        with pytest.raises(Exception, match="may not write"):
            exporting.export()
        owed = exporting.owed()
        pauses.append(owed["next_attempt_at"] - owed["updated_at"])
    minutes = [round(pause / timedelta(minutes=1)) for pause in pauses]
    assert minutes == [10, 20, 40]
