"""Taking poison records out of a page before anything else looks at its rows.

What lives here: the sieve that the clients put their pages through. What makes a record poison is
``domain/soundness.py``; which fields a client reads by stands in its own ``forms``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from synkro_assets.domain.protocols import SetAside
from synkro_assets.domain.soundness import (
    Form,
    PoisonRecord,
    are_of_form,
    flaw_of,
    require_sound_rows,
)
from synkro_assets.providers.pagination import Row
from synkro_assets.providers.plain_json import PlainRows


@dataclass(frozen=True, slots=True)
class Sort:
    """Records of one kind: what they are called, by what they are read, when they are of.

    ``apart`` is a field that is judged by itself.
    """

    entity: str
    form: Form
    id_name: str = "id"
    time_of: Callable[[Row], datetime | None] = lambda _: None
    apart: str | None = None


@dataclass(frozen=True, slots=True)
class Sieve:
    """One provider's sieve; ``set_aside`` is told of what stays in it."""

    provider: str
    set_aside: SetAside

    def sound(
        self,
        sort: Sort,
        rows: Sequence[Any],
        is_asked: Callable[[Row], bool] = lambda _: True,
        *,
        may_all_be_poison: bool = False,
    ) -> list[Row]:
        """The rows that can be used, in their order.

        A poison row that was not even asked for (``is_asked``) is dropped without a word, as sound
        ones are. Raises IncompleteFetch when so many are flawed that the provider has changed,
        unless they ``may_all_be_poison``.
        """
        is_plain = isinstance(rows, PlainRows)
        if is_plain and are_of_form(rows, sort.form):
            return list(rows)
        flaws = [flaw_of(row, sort.form, sort.apart, is_plain=is_plain) for row in rows]
        if not may_all_be_poison:
            require_sound_rows(self.provider, sort.entity, flaws)
        for row, flaw in zip(rows, flaws, strict=True):
            if flaw is None or (isinstance(row, dict) and not is_asked(row)):
                continue
            at = sort.time_of(row) if isinstance(row, dict) else None
            provider_id = _written_id(row.get(sort.id_name)) if isinstance(row, dict) else None
            self.set_aside(PoisonRecord(sort.entity, row, flaw.reason, provider_id, at))
        return [row for row, flaw in zip(rows, flaws, strict=True) if flaw is None]


def forget(_: PoisonRecord) -> None:
    """For callers that show a few records to a person and store none."""


def _written_id(value: Any) -> str | None:
    is_id = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value) if is_id and value != "" else None
