"""The amoCRM client: every question Synkro asks, as plain rows.

What lives here: asking, and reading lists to their end (reference §1). GET only. What does not:
what exactly is asked (``questions``), the token endpoint (``tokens``), renewing (``authorized``),
refusals (``errors``), storing (``ingestion``).

Times are aware; amoCRM counts unix seconds. Servers may ignore filters, so rows outside what was
asked are dropped here. Every call raises TokenExpired, AccountStopped, ProviderRefused,
RateLimited or ProviderUnavailable, and IncompleteFetch when pages go in circles or no row of one
can be read.
Poison records are set aside before paging looks at them.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from synkro_assets.domain.errors import ProviderRefused
from synkro_assets.domain.protocols import SetAside
from synkro_assets.providers.amocrm import forms
from synkro_assets.providers.amocrm.authorized import Road
from synkro_assets.providers.amocrm.batches import Batches
from synkro_assets.providers.amocrm.errors import PROVIDER, strange
from synkro_assets.providers.amocrm.halves import by_halves
from synkro_assets.providers.amocrm.questions import (
    API,
    PAGE,
    Question,
    events_between,
    leads_between,
    records_by_id,
    seconds_of,
)
from synkro_assets.providers.closing import Closing
from synkro_assets.providers.http import Params
from synkro_assets.providers.pagination import (
    Page,
    Row,
    ascending_pages,
    linked_pages,
    settled_pages,
)
from synkro_assets.providers.plain_json import rows_of
from synkro_assets.providers.read_ahead import ReadAhead
from synkro_assets.providers.sifting import Sieve, Sort, forget

Ids = Callable[[], Iterable[int]]

# With so many under way seven a second are asked even if an answer takes four tenths of one.
_BATCHES_AHEAD = 3


def _look_nowhere(_: str | None) -> None:
    """Nothing is asked ahead."""


class AmoCrmClient(Closing):
    """One amoCRM account, read-only; ``asked`` counts requests, attempts of one once.

    Several threads may ask at once.
    """

    def __init__(self, road: Road, set_aside: SetAside = forget) -> None:
        self._road = road
        self._sieve = Sieve(PROVIDER, set_aside)
        self._batches = Batches()
        self._counting = threading.Lock()
        self.asked = 0

    def account(self) -> Row:
        """The account: id, name, subdomain, country, currency, …"""
        params = (("with", "is_api_filter_enabled,datetime_settings"),)
        return _expect(self._ask(Question(f"{API}/account", "account", params)))

    def users(self) -> list[Row]:
        """Every user with rights, roles and groups; needs an administrator's token."""
        return list(self._pages("users", forms.USERS, (("limit", PAGE), ("with", "role,group"))))

    def pipelines(self) -> list[Row]:
        """Every pipeline with its statuses; status ids repeat across pipelines (142, 143)."""
        return list(self._pages("leads/pipelines", forms.PIPELINES, ()))

    def loss_reasons(self) -> list[Row]:
        """Every reason a lead can be lost for."""
        params = (("limit", PAGE),)
        return list(self._pages("leads/loss_reasons", forms.LOSS_REASONS, params))

    def events(self, start: datetime, end: datetime, types: Sequence[str]) -> Iterator[Row]:
        """Events of ``types`` created in ``[start, end)``, in the provider's order, each once."""
        return by_halves(partial(self._events, types), *seconds_of(start, end))

    def _events(self, types: Sequence[str], first: int, last: int) -> Iterator[Row]:
        if last < first or not types:
            return
        params = events_between(first, last, types)
        is_asked = forms.of_window(forms.EVENTS, first, last, types)
        rows = self._pages("events", forms.EVENTS, params, is_asked=is_asked, is_read_whole=True)
        for row in rows:
            if first <= _stamp(row, "created_at") <= last and row.get("type") in types:
                yield row

    def leads_updated(self, start: datetime, end: datetime) -> Iterator[Row]:
        """Leads last updated in ``[start, end)``, with contacts and loss reason, oldest first."""
        return self._ascending("leads_updated", start, end, "contacts,loss_reason")

    def deleted_leads(self, start: datetime, end: datetime) -> Iterator[Row]:
        """Leads in the trash that were put there in ``[start, end)`` (by ``updated_at``)."""
        rows = self._ascending("deleted_leads", start, end, "only_deleted")
        return (row for row in rows if row.get("is_deleted", True))

    def leads_by_id(self, ids: Iterable[int]) -> Iterator[Row]:
        """The leads of ``ids`` that exist outside the trash, with contacts and loss reason."""
        return self._by_id(forms.LEADS, ids, (("with", "contacts,loss_reason"),))

    def contacts_by_id(self, ids: Iterable[int], more: Ids | None = None) -> Iterator[Row]:
        """The contacts of ``ids`` that exist, with their leads, and those of ``more``.

        ``more`` is called when all that fills whole batches was read, so it costs no request that
        one question for all would not.
        """
        return self._by_id(forms.CONTACTS, ids, (("with", "leads"),), more)

    def contacts_matching(self, query: str) -> Iterator[Row]:
        """Contacts that amoCRM's search finds for a name, phone or e-mail."""
        params = (("query", query), ("limit", PAGE), ("with", "leads"), ("order[id]", "asc"))
        return self._pages("contacts", forms.SHOWN_CONTACTS, params, action="contacts_matching")

    def sample_contacts(self, count: int) -> list[Row]:
        """Up to ``count`` contacts, the last updated first: for a person to recognise."""
        params = (("limit", str(count)), ("order[updated_at]", "desc"))
        rows = self._pages("contacts", forms.SHOWN_CONTACTS, params, action="sample_contacts")
        return list(islice(rows, count))

    def close(self) -> None:
        self._road.close()

    def _ask(self, question: Question) -> Any:
        with self._counting:
            self.asked += 1
        return self._road.get(question.target, action=question.action, params=question.params)

    def _pages(
        self,
        path: str,
        sort: Sort,
        params: Params,
        action: str | None = None,
        is_asked: Callable[[Row], bool] = lambda _: True,
        *,
        is_read_whole: bool = False,
    ) -> Iterator[Row]:
        first = Question(f"{API}/{path}", action or sort.entity, params)
        with closing(ReadAhead(self._ask)) as ahead:

            def at(link: str) -> Question:
                return Question(link, first.action)

            def look_ahead(link: str | None) -> None:
                if link and is_read_whole:
                    ahead.begin(at(link))

            def fetch(link: str | None) -> Page:
                question = at(link) if link else first
                return self._page(ahead.get(question), sort, is_asked, look_ahead)

            for rows in linked_pages(fetch, _id):
                yield from rows

    def _ascending(self, action: str, start: datetime, end: datetime, with_: str) -> Iterator[Row]:
        first, last = seconds_of(start, end)
        if last < first:
            return

        is_asked = forms.of_window(forms.LEADS, first, last)
        stamp: Callable[[Row], int] = partial(_stamp, name="updated_at")
        asked_since = partial(leads_between, last=last, action=action, with_=with_)
        with closing(ReadAhead(self._ask)) as ahead:

            def fetch(since: int, link: str | None) -> Page:
                question = Question(link, action) if link else asked_since(since)
                return self._page(ahead.get(question), forms.LEADS, is_asked)

            def look_ahead(since: int) -> None:
                ahead.begin(asked_since(since))

            for rows in ascending_pages(fetch, first, _id, stamp, look_ahead):
                yield from (row for row in rows if first <= stamp(row) <= last)

    def _by_id(
        self, sort: Sort, ids: Iterable[int], extra: Params, more: Ids | None = None
    ) -> Iterator[Row]:
        fixed = (("limit", PAGE), ("order[id]", "asc"), *extra)
        address = str(self._road.address(f"{API}/{sort.entity}", fixed))
        if more:
            whole, rest = self._batches.whole(ids, address)
            # Whoever calls has others ask meanwhile, for what takes longer.
            yield from self._batched(sort, self._batches.of(whole, address), fixed, 1)
            ids = {*rest, *more()}.difference(whole)
        yield from self._batched(sort, self._batches.of(ids, address), fixed)

    def _batched(
        self, sort: Sort, batches: Iterator[list[int]], fixed: Params, most: int = _BATCHES_AHEAD
    ) -> Iterator[Row]:
        following: deque[list[int]] = deque()
        with closing(ReadAhead(self._ask, most)) as ahead:

            def look_ahead(link: str | None) -> None:
                """Once all of a batch came in one page, its length is one the server takes."""
                for each in islice(batches, 0 if link else ahead.room):
                    following.append(each)
                    ahead.begin(records_by_id(sort.entity, each, fixed))

            while batch := following.popleft() if following else next(batches, []):
                yield from self._batch(sort, batch, fixed, ahead, look_ahead)

    def _batch(
        self,
        sort: Sort,
        ids: Sequence[int],
        fixed: Params,
        ahead: ReadAhead,
        look_ahead: Callable[[str | None], None],
    ) -> list[Row]:
        """The records of a batch; ``look_ahead`` is told of its first page's next link."""
        wanted = set(ids)
        is_asked = forms.among(wanted)
        first = records_by_id(sort.entity, ids, fixed)

        def fetch(link: str | None) -> Page:
            if link:
                return self._page(ahead.get(Question(link, first.action)), sort, is_asked)
            return self._page(ahead.get(first), sort, is_asked, look_ahead)

        try:
            # A server's pages may be smaller than the batch, and one of its leads may go meanwhile.
            pages = list(settled_pages(fetch, _id))
        except ProviderRefused as error:
            if error.status != 414 or len(ids) == 1:
                raise
            halves = self._batches.halves(ids)
            return [
                row
                for half in halves
                for row in self._batch(sort, half, fixed, ahead, _look_nowhere)
            ]
        return [row for page in pages for row in page if row["id"] in wanted]

    def _page(
        self,
        answer: Any,
        sort: Sort,
        is_asked: Callable[[Row], bool],
        look_ahead: Callable[[str | None], None] = _look_nowhere,
    ) -> Page:
        """One page; ``look_ahead`` is told of the next one before the rows are looked at."""
        if answer is None:
            return Page(())
        # An empty list is a 204; an object without one is something else that calls itself success.
        embedded = _object(_expect(answer).get("_embedded"))
        rows = embedded.get(sort.entity) if embedded else []
        if not isinstance(rows, list):
            raise strange()
        links = answer.get("_links") or {}
        following = links.get("next") if isinstance(links, dict) else None
        href = following.get("href") if isinstance(following, dict) else None
        link = href if isinstance(href, str) else None
        look_ahead(link)
        return Page(self._sieve.sound(sort, rows_of(answer, rows), is_asked), link)


def _stamp(row: Row, name: str) -> int:
    """A stamp of a row that passed the sieve."""
    return int(row[name])


def _id(row: Row) -> Any:
    return row["id"]


def _expect(answer: Any) -> Row:
    if not isinstance(answer, dict):
        raise strange()
    return answer


def _object(value: Any) -> Row:
    """An object; amoCRM's PHP writes an empty one as an empty list."""
    return {} if value == [] else _expect(value)
