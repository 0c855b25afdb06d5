"""Passwords: what is asked of a new one, and the hash that is kept in its place.

What lives here: the rules and the hashing. Asking for one is ``commands/terminal.py``; the row that
keeps the hash is ``storage/people.py``.
"""

from __future__ import annotations

from synkro_assets.domain.errors import UsageProblem

# Longer beats stranger: no rule about kinds of characters.
SHORTEST = 12
# A hash takes longer the longer the text; nobody types so much.
LONGEST = 256


def require_usable(password: str, email: str) -> None:
    """Raise UsageProblem for a password that is too easily guessed to keep."""
    if len(password) < SHORTEST:
        raise UsageProblem(f"the password is too short: use at least {SHORTEST} characters")
    if len(password) > LONGEST:
        raise UsageProblem(f"the password is too long: use at most {LONGEST} characters")
    if len(set(password)) < SHORTEST // 3:
        raise UsageProblem("the password repeats the same few characters: choose another")
    if password.lower() == email.lower():
        raise UsageProblem("the password is the e-mail address itself: choose another")


def hashed(password: str) -> str:
    """What is stored of a password; never twice the same."""
    # Loaded here: no other command needs it, and it costs them as long as a query does.
    from pwdlib import PasswordHash

    return PasswordHash.recommended().hash(password)
