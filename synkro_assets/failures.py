"""What a domain error means to Dagster: a failure with its sentence, retried only if that can help.

What lives here: the translation, there and back. Whether a retry helps was decided where the error
was seen (``domain/errors.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from dagster import DagsterEvent, DagsterEventType, DagsterInstance, Failure

from synkro_assets.domain.errors import SynkroError


@contextmanager
def as_dagster_failures() -> Iterator[None]:
    """Turn a SynkroError into a Dagster Failure that says the same sentence."""
    try:
        yield
    except SynkroError as problem:
        raise Failure(
            description=str(problem),
            metadata={"error": type(problem).__name__},
            allow_retries=problem.is_transient,
        ) from problem


def event_sentence(event: DagsterEvent) -> str:
    """What a failed step or run said, without Dagster's wrapping."""
    data = event.event_specific_data
    failure = getattr(data, "user_failure_data", None)
    if failure is not None and failure.description:
        return str(failure.description)
    cause = getattr(data, "error", None)
    while cause is not None and cause.cause is not None:
        cause = cause.cause
    text = cause.message if cause is not None else event.message
    if str(text or "").strip().endswith("DagsterExecutionInterruptedError"):
        return "the run was interrupted: its process was asked to end"
    # An error that a resource raised carries its class's full name in front.
    return re.sub(r"^(?:\w+\.)+\w+: ", "", " ".join(str(text or "").split()))


def failure_sentence(instance: DagsterInstance, run_id: str) -> str:
    """Why a run failed, by the first failure in Dagster's log of it."""
    for kind in (DagsterEventType.STEP_FAILURE, DagsterEventType.RUN_FAILURE):
        for record in instance.all_logs(run_id, of_type=kind):
            if record.dagster_event is not None:
                return event_sentence(record.dagster_event)
    return "the run ended without saying why: see it in Dagit"
