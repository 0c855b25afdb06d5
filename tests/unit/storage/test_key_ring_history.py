"""Any history of an installation's keys leaves every secret readable, as long as rules are kept."""

from __future__ import annotations

import random
from uuid import UUID

from cryptography.fernet import Fernet
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from synkro_assets.storage.key_ring import KeyRing

KINDS = ("amocrm", "radist", "telegram")
Place = tuple[UUID, str]


class Installation(RuleBasedStateMachine):
    """Keys come and go, secrets are saved, rotations run to their end or are killed on the way."""

    places = Bundle("places")

    def __init__(self) -> None:
        super().__init__()
        self.keys = [Fernet.generate_key().decode()]
        self.stored: dict[Place, str] = {}
        self.meant: dict[Place, dict[str, str]] = {}

    @property
    def ring(self) -> KeyRing:
        return KeyRing(self.keys)

    @rule(
        target=places,
        tenant=st.integers(1, 3),
        kind=st.sampled_from(KINDS),
        secret=st.text(max_size=9),
    )
    def save(self, tenant: int, kind: str, secret: str) -> Place:
        place = UUID(int=tenant), kind
        self.meant[place] = {"api_key": secret}
        self.stored[place] = self.ring.seal(*place, self.meant[place])
        return place

    @rule(place=places, secret=st.text(max_size=9))
    def save_in_a_process_that_knows_the_keys_in_another_order(
        self, place: Place, secret: str
    ) -> None:
        older = KeyRing(self.keys[::-1])
        self.meant[place] = {"api_key": secret}
        self.stored[place] = older.seal(*place, self.meant[place])

    @rule()
    def add_a_key(self) -> None:
        self.keys.insert(0, Fernet.generate_key().decode())

    @rule(pick=st.randoms(use_true_random=False))
    def put_another_key_first(self, pick: random.Random) -> None:
        pick.shuffle(self.keys)

    @rule(killed_after=st.one_of(st.none(), st.integers(0, 5)))
    def rotate(self, killed_after: int | None) -> None:
        for place in sorted(self.stored)[:killed_after]:
            anew = self.ring.resealed(*place, self.stored[place], owner="a tenant")
            self.stored[place] = anew or self.stored[place]

    @rule()
    def remove_the_older_keys_once_nothing_needs_them(self) -> None:
        if all(
            self.ring.is_newest(*place, token, owner="a tenant")
            for place, token in self.stored.items()
        ):
            del self.keys[1:]

    @invariant()
    def every_secret_opens(self) -> None:
        opened = {
            place: self.ring.open(*place, token, owner="a tenant")
            for place, token in self.stored.items()
        }
        assert opened == self.meant


TestInstallation = Installation.TestCase
TestInstallation.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
