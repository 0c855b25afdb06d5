"""What a domain error means to Dagster: a failure with its sentence, retried only if that can help.

What lives here: the translation. Whether a retry helps was decided where the error was seen
(``domain/errors.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dagster import Failure

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
