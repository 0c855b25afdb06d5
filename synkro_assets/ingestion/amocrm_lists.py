"""The lists of an amoCRM account that a day refers to: reading them, where they are due.

What lives here: when in the course of a day they are asked for. Whether they are is the rule of
``amocrm_references.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol

from synkro_assets.ingestion.amocrm_references import HeldReferences, Named, are_lists_due
from synkro_assets.ingestion.beside import Beside, WhileWanted

Payload = dict[str, Any]


class ListClient(Protocol):
    """What this stage asks of a client, and how many requests all stages took so far."""

    @property
    def asked(self) -> int: ...
    def account(self) -> Payload: ...
    def users(self) -> Iterable[Payload]: ...
    def pipelines(self) -> Iterable[Payload]: ...
    def loss_reasons(self) -> Iterable[Payload]: ...


class Lists(NamedTuple):
    """What amoCRM said; no account and nothing else where stored lists do."""

    account: Payload | None
    users: list[Payload]
    pipelines: list[Payload]
    loss_reasons: list[Payload]


class ListsOfDay:
    """The lists of one day; a context manager, at whose end nobody wants them any more.

    Where none are stored they are read at once, beside what else is read.
    """

    def __init__(self, client: ListClient, held: HeldReferences | None) -> None:
        self._client, self._held = client, held
        self._beside = Beside(self._read) if held is None else None

    def read_where_due(self, named: Named, on_progress: Callable[[str], None]) -> Lists:
        """The lists, or nothing where stored ones do; ``named`` is all that the day refers to."""
        if not self._beside and not are_lists_due(self._held, self._client.asked, named):
            return Lists(None, [], [], [])
        on_progress("amoCRM: account, people and pipelines")
        return self._beside.outcome() if self._beside else self._read()

    def __enter__(self) -> ListsOfDay:
        return self

    def __exit__(self, *_: object) -> None:
        if self._beside:
            self._beside.abandon()

    def _read(self, while_wanted: WhileWanted = iter) -> Lists:
        client = self._client
        account, users = client.account(), list(while_wanted(client.users()))
        pipelines = list(while_wanted(client.pipelines()))
        return Lists(account, users, pipelines, list(while_wanted(client.loss_reasons())))
