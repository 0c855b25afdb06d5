"""The names in a dialog's words: whose are known, and hiding them in every form they are said in.

What lives here: names that providers gave or people introduced themselves by, as patterns. Phones,
addresses and evident full names are ``providers/personal_data``.

It errs towards masking: a customer called Вера costs the model the word «вера».
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from synkro_assets.providers.personal_data import MASK

_SHORTEST_FOLDED = 3
_CYRILLIC = re.compile("[а-яёәіңғүұқөһ]+", re.IGNORECASE)
# What a Russian name ends in while it is nobody's case yet: Анна, Мария, Андрей, Игорь.
_FALLING = "аяйьеёо"
_ADJECTIVE = ("ий", "ый", "ой")
# Few other words begin with so many letters of a name; shorter stems take only real endings.
_TELLING_STEM = 5
_ENDINGS = (
    "а|я|у|ю|е|ё|и|ы|о|ь|й|ом|ем|ём|ой|ей|ёй|ою|ею|ым|им|ого|его|ому|ему|ая|ую|ых|их|"
    "ов|ев|ова|ева|ову|еву|овым|евым|овой|евой|ин|ина|ину|иной|иным"
)

_NAME = "[А-ЯЁӘІҢҒҮҰҚӨҺA-Z][а-яёәіңғүұқөһa-z]+"
_INTRODUCED = re.compile(
    r"(?i:\b(?:меня зовут|зовут меня|мо[её] имя|на имя|имя\s?[:—-]|"
    rf"my name is|my name's|name\s?:))[\s*«\"—-]{{1,4}}({_NAME}(?:[ -]{_NAME}){{0,2}})"
)
_NAME_BEFORE_PHONE = re.compile(
    rf"(?m)^\W*({_NAME}(?: {_NAME}){{0,2}})[,.:;\s—-]+\+?\d[\d\s()-]{{8,}}"
)


def introduced(text: str) -> set[str]:
    """The names a message gives to whoever writes: after «меня зовут», or before a phone."""
    return {*_INTRODUCED.findall(text), *_NAME_BEFORE_PHONE.findall(text)}


def without_names(text: str, names: Iterable[str]) -> str:
    """``text`` with every word of the names masked, in whatever case and letter case it stands."""
    words = {word for name in names for word in re.findall(r"[^\W\d_]+", name)}
    folded = [_forms(word) for word in words if len(word) >= _SHORTEST_FOLDED]
    # «Ян» and «Ли» in small letters are parts of speech far more often than people.
    exact = [re.escape(word) for word in words if len(word) < _SHORTEST_FOLDED and word.istitle()]
    for flags, forms in ((re.IGNORECASE, folded), (0, exact)):
        if forms:
            longest_first = "|".join(sorted(forms, key=len, reverse=True))
            text = re.sub(rf"\b(?:{longest_first})\b", MASK, text, flags=flags)
    return text


def _forms(word: str) -> str:
    """A pattern of the word's cases."""
    if not _CYRILLIC.fullmatch(word):
        return rf"{re.escape(word)}\w{{0,2}}"
    stems = [word[:-1] if word[-1].lower() in _FALLING else word]
    if word.lower().endswith(_ADJECTIVE) and len(word) > _TELLING_STEM:
        stems.append(word[:-2])
    if word.lower().endswith("ел"):
        stems.append(f"{word[:-2]}л")
    return "|".join(_cases(stem, is_whole=stem == word) for stem in stems)


def _cases(stem: str, *, is_whole: bool) -> str:
    letters = re.sub("[её]", "[её]", stem, flags=re.IGNORECASE)
    if len(stem) >= _TELLING_STEM:
        return rf"{letters}\w{{0,4}}"
    # «Саш» is what Саша is called; two letters of a longer name are anything.
    is_optional = is_whole or len(stem) >= _SHORTEST_FOLDED
    return f"{letters}(?:{_ENDINGS}){'?' if is_optional else ''}"
