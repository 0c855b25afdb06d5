"""Randomness and identifiers that depend on nothing but their names.

Lives here: seeded generators, stable ids, keys and tokens. Not here: what they are used for.
"""

import hashlib
import random
import uuid
from datetime import date


def rng(*parts: object) -> random.Random:
    """A generator that is the same for the same parts in every process."""
    return random.Random("|".join(str(part) for part in parts))


def number(*parts: object, below: int) -> int:
    """A stable number in ``range(below)``."""
    digest = hashlib.sha256("|".join(str(part) for part in parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") % below


def token(*parts: object, length: int = 40) -> str:
    """A stable lower-case hexadecimal token."""
    text = "|".join(str(part) for part in parts).encode()
    return hashlib.sha512(text).hexdigest()[:length]


def message_id(*parts: object) -> str:
    """A stable identifier in the form of a uuid."""
    digest = hashlib.sha256("|".join(str(part) for part in parts).encode()).digest()
    return str(uuid.UUID(bytes=digest[:16]))


def day_block(day: str, size: int) -> int:
    """Where the ids of a day begin, relative to the first day of the ids."""
    return (date.fromisoformat(day) - date(2015, 1, 1)).days * size
