"""Facts of a day on which nothing happened: zeros, and no value where nothing was measured."""

from decimal import Decimal

import pytest

from synkro_assets.domain.facts import Fact
from synkro_assets.domain.tenant import Tenant, TenantSlug
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.tenant_config import add_tenant
from synkro_assets.storage.business_days import day_plan
from synkro_assets.storage.facts import (
    compute_facts,
    daily_period_key,
    store_facts,
    stored_facts,
)
from tests.integration.storage.conftest import DAY

DIALOG_COUNTS = {
    "dialogs", "messages_in", "messages_out", "replies", "dialogs_unanswered",
    "dialogs_waiting_from_earlier_days",
}  # fmt: skip
OF_BOTH = {"dialogs_without_deal", "dialogs_not_looked_up", "dialogs_without_manager"}
DIALOG_MINUTES = {
    "first_reply_median_calendar", "first_reply_median_working", "longest_wait_calendar",
    "longest_wait_working",
}  # fmt: skip
DEALS = {
    "leads_created", "leads_moved", "leads_won", "leads_won_amount", "leads_lost",
    "leads_lost_amount",
}  # fmt: skip


def facts_of_nothing(platform: Platform, tenant: Tenant) -> dict[str, Fact]:
    """The facts of a day that was begun and has no rows."""
    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
        window = day_plan(connection, tenant, DAY).window
        found = compute_facts(connection, tenant.tenant_id, DAY, DAY, window)
        store_facts(connection, tenant.tenant_id, daily_period_key(DAY), window, found)
        stored = stored_facts(connection, tenant.tenant_id, daily_period_key(DAY))
    assert sorted(stored, key=repr) == sorted(found, key=repr)
    return {fact.metric: fact for fact in found}


@pytest.mark.parametrize(
    ("mode", "metrics"),
    [
        ("amocrm_radist", DIALOG_COUNTS | OF_BOTH | DIALOG_MINUTES | DEALS),
        ("radist_only", DIALOG_COUNTS | DIALOG_MINUTES),
        ("amocrm_only", DEALS),
    ],
)
def test_a_day_without_rows_has_zeros_for_what_its_mode_reads(
    platform: Platform, mode: str, metrics: set[str]
) -> None:
    slug = TenantSlug(mode.replace("_", "-"))
    found = facts_of_nothing(platform, add_tenant(platform, slug, "Acme", "Asia/Almaty", mode, ()))
    assert found.keys() == metrics
    assert {fact.subject_type for fact in found.values()} == {"tenant"}
    assert {fact.n for fact in found.values()} == {0}
    measured = {name: fact.value for name, fact in found.items()}
    assert measured == {name: None if name in DIALOG_MINUTES else Decimal(0) for name in metrics}
