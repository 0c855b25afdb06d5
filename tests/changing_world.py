"""Simulated providers whose world changes and which fail while somebody reads them.

What lives here: what may happen, when it happens, and what the world looked like in between. What
must come of reading it is said by the tests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
from hypothesis import strategies as st
from starlette.types import ASGIApp, Receive, Scope, Send

Truth = dict[str, Any]

_PAGE = "<html><head><title>We will be back soon</title></head></html>"
# What a provider or something on the way to it answers instead; none of it is an answer.
TROUBLES: dict[str, dict[str, Any]] = {
    "dropped before it was understood": {"drop_before": True},
    "dropped after it was done": {"drop_after_commit": True},
    "cut in the middle": {"close_mid_body": True},
    "a page for people with 200": {
        "status": 200, "body": _PAGE, "headers": {"content-type": "text/html"},
    },
    "an apology with 200": {"status": 200, "body": {"detail": "please try again later"}},
    "an empty object with 200": {"status": 200, "body": {}},
    "an empty body with 200": {"status": 200, "body": ""},
    "half an object with 200": {"status": 200, "body": '{"_embedded":{"leads":[{"id":1'},
    "too fast": {"status": 429, "body": "Too many requests"},
    "too fast, come back": {"status": 429, "body": {}, "headers": {"Retry-After": "0"}},
    "refused": {"status": 403, "body": {"title": "Forbidden", "status": 403}},
    "failed": {"status": 500, "body": _PAGE},
    "a bad gateway": {"status": 502, "body": _PAGE},
    "a slow gateway": {"status": 504, "body": ""},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happens to the ``which``-th of its kind just before the n-th request.

    Only requests whose path holds ``path`` count. The providers' clock goes on by ``pause`` seconds
    first; 0 most often keeps it within the same second.
    """

    what: str
    which: int
    before_request: int
    path: str = ""
    pause: int = 0


@dataclass(frozen=True, slots=True)
class Trouble:
    """How requests whose path holds ``path`` fail: ``count`` in a row after the first ``skip``."""

    name: str
    path: str = ""
    skip: int = 0
    count: int = 1


def happenings(kinds: Sequence[str], paths: Sequence[str]) -> st.SearchStrategy[list[Happening]]:
    """Changes of the world between the requests of a reading."""
    one = st.builds(
        Happening,
        what=st.sampled_from(kinds),
        which=st.integers(0, 60),
        before_request=st.integers(1, 8),
        path=st.sampled_from(paths),
        pause=st.sampled_from([0, 0, 1, 61]),
    )
    return st.lists(one, max_size=12)


def troubles(paths: Sequence[str]) -> st.SearchStrategy[list[Trouble]]:
    """Failing requests; five in a row are more than any client's patience."""
    one = st.builds(
        Trouble,
        name=st.sampled_from(sorted(TROUBLES)),
        path=st.sampled_from(paths),
        skip=st.integers(0, 3),
        count=st.sampled_from([1, 2, 4, 5]),
    )
    return st.lists(one, max_size=2)


class ChangingWorld:
    """An ASGI app around the simulators: before a planned request to a provider things happen.

    ``states`` are the truths of the day from the plan on, ``problems`` what went wrong here, and
    ``rate`` is how fast the providers' clock runs: at 0 all happens in one instant.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.states, self.problems = app, list[Truth](), list[Exception]()
        self.rate = 1
        self._control = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://control/control/"
        )
        self._provider, self._tenant, self._day = "", "", ""
        self._plan: list[Happening] = []
        self._asked: list[str] = []

    def plan(self, provider: str, tenant: str, day: str, plan: Sequence[Happening]) -> None:
        """What is to happen to a tenant's world from the next request to the provider on."""
        self._provider, self._tenant, self._day = provider, tenant, day
        self._plan, self._asked = list(plan), []
        self.states.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let happen what is due, then answer as the simulators do."""
        if scope["type"] == "http" and scope["path"].startswith(f"/{self._provider}/"):
            self._asked.append(scope["path"])
            try:
                await self._let_happen()
            except Exception as problem:  # or the client would take it for a failing provider
                self.problems.append(problem)
        await self.app(scope, receive, send)

    async def _let_happen(self) -> None:
        if not self.states:
            self.states.append(await self._truth())
        for due in [each for each in self._plan if self._is_due(each)]:
            self._plan.remove(due)
            now = datetime.fromisoformat((await self._get("clock"))["now"])
            moment = now + timedelta(seconds=due.pause)
            await self._ask("PUT", "clock", {"now": moment.isoformat(), "rate": self.rate})
            await _DOINGS[due.what](self, due.which)
            self.states.append(await self._truth())

    def _is_due(self, planned: Happening) -> bool:
        return sum(planned.path in path for path in self._asked) >= planned.before_request

    async def _truth(self) -> Truth:
        now = (await self._get("clock"))["now"]
        return await self._get(f"worlds/{self._tenant}/truth?day={self._day}&at={quote(now)}")

    async def _get(self, path: str) -> Any:
        return await self._ask("GET", path)

    async def _ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self._control.request(method, path, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def _lead(self, which: int, **changes: Any) -> None:
        leads = sorted(self.states[-1]["leads"], key=lambda lead: (lead["updated_at"], lead["id"]))
        if "is_deleted" in changes:
            leads = [lead for lead in leads if lead["is_deleted"] != changes["is_deleted"]]
        if leads:
            lead_id = leads[which % len(leads)]["id"]
            await self._ask("POST", f"amocrm/leads/{self._tenant}/{lead_id}", changes)

    async def price(self, which: int) -> None:
        """A lead is saved with another price, without any event."""
        await self._lead(which, price=1000 + which)

    async def crowded(self, which: int) -> None:
        """One of the leads that share their second with most others is saved."""
        leads = self.states[-1]["leads"]
        ((second, _),) = Counter(lead["updated_at"] for lead in leads).most_common(1)
        crowd = sorted(lead["id"] for lead in leads if lead["updated_at"] == second)
        path = f"amocrm/leads/{self._tenant}/{crowd[which % len(crowd)]}"
        await self._ask("POST", path, {"price": 7000 + which})

    async def move(self, which: int) -> None:
        """A lead goes to another stage."""
        pipelines = self.states[-1]["pipelines"]
        pipeline = pipelines[which % len(pipelines)]
        status = pipeline["statuses"][which % len(pipeline["statuses"])]["id"]
        await self._lead(which, pipeline_id=pipeline["id"], status_id=status)

    async def trash(self, which: int) -> None:
        """A lead is put into the trash."""
        await self._lead(which, is_deleted=True)

    async def restore(self, which: int) -> None:
        """A lead comes back from the trash."""
        await self._lead(which, is_deleted=False)

    async def imported(self, which: int) -> None:
        """A few leads of one second come in."""
        await self._ask("POST", f"amocrm/leads/{self._tenant}", {"count": 1 + which % 5})

    async def contact(self, which: int) -> None:
        """A contact gets another name and number."""
        contacts = self.states[-1]["contacts"]
        contact_id = contacts[which % len(contacts)]["id"]
        changes = {"name": f"Renamed {which}", "phones": [f"+7912345{which:04d}"]}
        await self._ask("POST", f"amocrm/contacts/{self._tenant}/{contact_id}", changes)

    async def message(self, which: int) -> None:
        """Somebody writes, which moves the contact to the front."""
        await self._write(which)

    async def late_message(self, which: int) -> None:
        """A message arrives that was written before others which are there already."""
        start = datetime.fromisoformat(self.states[-1]["window"]["start"])
        await self._write(which, at=(start + timedelta(minutes=7 * which)).isoformat())

    async def _write(self, which: int, **more: Any) -> None:
        dialogs = self.states[-1]["dialogs"]
        chat_id = dialogs[which % len(dialogs)]["chat_id"]
        text = {"tenant": self._tenant, "chat_id": chat_id, "text": f"Message {which}"}
        await self._ask("POST", "radist/messages", {**text, **more})

    async def chat(self, which: int) -> None:
        """Somebody writes who never wrote before."""
        await self._ask("POST", "radist/chats", {"tenant": self._tenant, "text": f"Hello {which}"})


_DOINGS = {
    "price": ChangingWorld.price,
    "price in a crowd": ChangingWorld.crowded,
    "move": ChangingWorld.move,
    "trash": ChangingWorld.trash,
    "restore": ChangingWorld.restore,
    "import": ChangingWorld.imported,
    "contact": ChangingWorld.contact,
    "message": ChangingWorld.message,
    "late message": ChangingWorld.late_message,
    "new chat": ChangingWorld.chat,
}
AMOCRM_PATHS = ("/leads", "/leads", "/contacts", "/events", "")
RADIST_PATHS = ("with_contacts", "with_contacts", "/messages/", "")
AMOCRM_CHANGES = ("price", "price in a crowd", "move", "trash", "restore", "import", "contact")
RADIST_CHANGES = ("message", "message", "late message", "new chat")
