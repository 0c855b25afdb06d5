"""What a report says about sources that were not read whole: how old the data is, what is missing.

What lives here: choosing and filling those sentences, and the same for programs. The texts are
``russian`` and ``english``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from synkro_assets.domain.source_days import Cut, SourceDay
from synkro_assets.reporting import figures
from synkro_assets.reporting.day_data import DayData


def gap_notes(data: DayData) -> tuple[str, ...]:
    """A sentence for each source that could not be read, then one for each limit that was met."""
    words = data.wording
    stale: dict[str, datetime] = {}
    for gap in data.gaps:
        if gap.is_stale:
            stale[gap.source] = min(gap.data_as_of, stale.get(gap.source, gap.data_as_of))
    unread = (
        words.stale[source].format(at=figures.moment(at, data.timezone, data.language))
        for source, at in stale.items()
    )
    cuts = [_cut_note(data, cut) for each in data.gaps for cut in each.cuts]
    return (*unread, *dict.fromkeys(cuts))


def whole_sources(data: DayData) -> tuple[str, ...]:
    """The sources of which nothing is missing."""
    broken = {each.source for each in data.gaps}
    return tuple(source for source in data.sources if source not in broken)


def gap_metadata(gaps: Sequence[SourceDay]) -> dict[str, Any]:
    """The same for programs; nothing where all is there."""
    if not gaps:
        return {}
    return {
        "incomplete": True,
        "data_as_of": min(each.data_as_of for each in gaps).isoformat(),
        "gaps": [
            {
                "business_day": each.business_day.isoformat(),
                "source": each.source,
                "data_as_of": each.data_as_of.isoformat(),
                "is_stale": each.is_stale,
                "limits": [cut.limit for cut in each.cuts],
                "read": [cut.read for cut in each.cuts],
            }
            for each in gaps
        ],
    }


def _cut_note(data: DayData, cut: Cut) -> str:
    words, language = data.wording, data.language
    read = figures.count(cut.read, language)
    if cut.left is not None:
        total = figures.count(cut.read + cut.left, language)
        read = words.cut_of.format(read=read, total=total)
    return words.cut.format(unit=words.cut_units[cut.unit], read=read, limit=cut.limit)
