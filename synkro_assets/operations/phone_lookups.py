"""Looking up the phones of a run's dialogs that no stored lead has: in amoCRM, once a day each.

What lives here: which phones are asked for, when again, how many, and storing what came of it. The
asking is ``ingestion/phone_lookups.py``, the statements are ``storage/phone_lookups.py``.

A lookup that fails costs the day nothing but the answer: its dialogs count as not looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.errors import ProviderError, UsageProblem
from synkro_assets.domain.soundness import PoisonRecord
from synkro_assets.ingestion import amocrm
from synkro_assets.ingestion.phone_lookups import Lookups, look_up
from synkro_assets.operations.provider_clients import amocrm_client
from synkro_assets.operations.stopped_accounts import asking_again
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.storage.phone_lookups import keep_lookups, phones_to_look_up
from synkro_assets.storage.raw_loading import load_rows
from synkro_assets.storage.raw_rows import RAW_TABLES, Load

# At amoCRM's seven requests a second this adds three quarters of a minute to a day; what is left
# over is asked for by the day's next run.
MOST_A_DAY = 300
STEP = "raw/amocrm_phone_lookups"

_FOUND_TABLES = (
    "amocrm_leads", "amocrm_contacts", "amocrm_contact_channels", "amocrm_contact_sightings",
    "amocrm_lead_contacts",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DayLookups:
    """What became of a day's phones; ``left`` were not looked up."""

    asked: int = 0
    found: int = 0
    left: int = 0


@dataclass(slots=True)
class _Answers:
    """What a run was told so far: a customer who writes on ten days is looked up once."""

    owners: dict[str, tuple[int, ...]] = field(default_factory=dict)
    problem: Exception | None = None

    @property
    def is_over(self) -> bool:
        """Whether asking for more would only repeat the refusal."""
        return isinstance(self.problem, ProviderError | UsageProblem)


def look_up_days(
    run: TenantRun, run_id: str, on_progress: Callable[[str], None]
) -> dict[BusinessDay, DayLookups]:
    """Look up the phones of the run's days that read both sources; says what each day came to."""
    answers = _Answers()
    done: dict[BusinessDay, DayLookups] = {}
    for day in run.days:
        mode = run.plan(day).mode
        if mode.reads_amocrm and mode.reads_radist:
            done[day] = _look_up_day(run, day, run_id, answers, on_progress)
        else:
            run.log(f"{day}: no lookups, the mode is {mode}", step=STEP)
            done[day] = DayLookups()
    return done


def _look_up_day(
    run: TenantRun,
    day: BusinessDay,
    run_id: str,
    answers: _Answers,
    on_progress: Callable[[str], None],
) -> DayLookups:
    began = run.platform.clock.now()
    with run.transaction() as connection:
        since = _asked_since(run, day, began)
        phones = phones_to_look_up(connection, run.tenant.tenant_id, day, since)
    asked = [phone for phone in phones if phone not in answers.owners][:MOST_A_DAY]
    fresh = Lookups() if answers.is_over or not asked else _asked(run, asked, on_progress)
    answers.owners |= fresh.owners
    answers.problem = fresh.problem or answers.problem
    told = {phone: answers.owners[phone] for phone in phones if phone in answers.owners}
    _store(run, Load(run.tenant.tenant_id, day, began, run_id), fresh, told)
    found = sum(map(bool, told.values()))
    outcome = DayLookups(len(told), found, len(phones) - len(told))
    _tell(run, day, outcome, answers.problem)
    return outcome


def _asked_since(run: TenantRun, day: BusinessDay, now: datetime) -> datetime:
    """Since when a lookup of the day holds: once the day is over, only one made after its end."""
    end = run.plan(day).window.end
    return end if end <= now else datetime.min.replace(tzinfo=UTC)


def _asked(run: TenantRun, phones: Sequence[str], on_progress: Callable[[str], None]) -> Lookups:
    """What amoCRM says of phones; a client that cannot even be made is a problem like any other."""
    poison: list[PoisonRecord] = []
    on_progress(f"amoCRM: {len(phones)} phones that no lead has")
    found = Lookups()
    try:
        with (
            asking_again(run, "amocrm"),
            amocrm_client(run.platform, run.tenant, run.about, poison.append) as client,
        ):
            found = look_up(client, phones, run.tenant.default_region, poison, on_progress)
            if isinstance(found.problem, ProviderError):
                raise found.problem
    except (ProviderError, UsageProblem) as problem:
        found.problem = problem
    return found


def _store(run: TenantRun, load: Load, fresh: Lookups, told: dict[str, tuple[int, ...]]) -> None:
    """Keep the answers with the contacts and leads they name, all or nothing of them."""
    share = amocrm.AmoCrmDay(None, [], [], [], [], fresh.leads, [], fresh.contacts)
    rows = amocrm.raw_rows(share, run.tenant.default_region)
    with run.transaction() as connection:
        for name in _FOUND_TABLES if fresh.contacts else ():
            load_rows(connection, RAW_TABLES[name], load, rows[name])
        keep_lookups(connection, load, told)


def _tell(run: TenantRun, day: BusinessDay, outcome: DayLookups, problem: Exception | None) -> None:
    if outcome.asked:
        text = f"{day}: {outcome.asked} phones looked up in amoCRM, {outcome.found} known there"
        run.log(text, step=STEP)
    if outcome.left:
        why = f": {problem}" if problem else f"; {MOST_A_DAY} a day are, run it again to go on"
        noun = "phone was" if outcome.left == 1 else "phones were"
        run.log(
            f"{day}: {outcome.left} {noun} not looked up in amoCRM{why}",
            step=STEP, level="warning", metadata={"business_day": day.isoformat()},
        )  # fmt: skip
