"""Domain errors as Dagster failures: the same sentence, retried only where that helps."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime

import pytest
from dagster import DagsterInstance, Failure, job, op
from dagster._core.errors import DagsterExecutionInterruptedError

from synkro_assets.domain import errors
from synkro_assets.failures import as_dagster_failures, failure_sentence

TREE = [
    each
    for _, each in inspect.getmembers(errors, inspect.isclass)
    if issubclass(each, errors.SynkroError)
]


def raised(error: errors.SynkroError) -> Failure:
    with pytest.raises(Failure) as caught, as_dagster_failures():
        raise error
    return caught.value


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_retries_follow_the_errors_own_verdict(kind: type[errors.SynkroError]) -> None:
    given = ("amocrm", "it said no") if issubclass(kind, errors.ProviderError) else ("it said no",)

    named = {"until": datetime(2026, 3, 5, tzinfo=UTC)} if kind is errors.AccountStopped else {}

    failure = raised(kind(*given, **named))

    assert failure.allow_retries is kind.is_transient
    assert failure.description == "it said no"
    assert failure.metadata["error"].value == kind.__name__


def test_what_no_retry_mends_is_not_retried() -> None:
    assert not raised(errors.ProviderRefused("amocrm", "wrong key")).allow_retries
    assert raised(errors.RateLimited("amocrm", "too fast")).allow_retries
    assert not raised(errors.OutcomeUnknown("telegram", "no answer")).allow_retries


def test_a_bug_is_not_dressed_up_as_a_failure() -> None:
    with pytest.raises(KeyError), as_dagster_failures():
        raise KeyError("a bug")


def test_an_interruption_is_told_in_plain_words() -> None:
    @op
    def interrupted() -> None:
        raise DagsterExecutionInterruptedError

    @job
    def work() -> None:
        interrupted()

    with DagsterInstance.ephemeral() as instance:
        run = work.execute_in_process(instance=instance, raise_on_error=False)
        said = failure_sentence(instance, run.run_id)
    assert said == "the run was interrupted: its process was asked to end"
