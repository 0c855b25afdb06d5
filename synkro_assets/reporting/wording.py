"""Which texts a report takes: by its language, and by whether it is about a day or a period.

What lives here: the choice. The texts are ``russian`` and ``english``.
"""

from __future__ import annotations

from synkro_assets.reporting.english import ENGLISH, ENGLISH_PERIOD
from synkro_assets.reporting.russian import RUSSIAN, RUSSIAN_PERIOD
from synkro_assets.reporting.wording_fields import Wording

WORDINGS = {"ru": RUSSIAN, "en": ENGLISH}
_OF_PERIODS = {"ru": RUSSIAN_PERIOD, "en": ENGLISH_PERIOD}


def wording_of(language: str, *, is_forced: bool) -> Wording:
    """The sentences of a day's report, or of one about a window of its own."""
    return _OF_PERIODS[language] if is_forced else WORDINGS[language]
