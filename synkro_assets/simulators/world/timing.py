"""When the lines of a conversation were written.

Lives here: gaps between lines, and putting a whole conversation inside a day's window in order.
Not here: reading conversations (``dialog_file``, ``scenarios``).
"""

import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from .model import Line

STEP = timedelta(milliseconds=1)


def gap(rand: random.Random, before: str, role: str) -> timedelta:
    """A plausible pause between two lines, in whole milliseconds."""
    if before == role:
        seconds = rand.uniform(4, 70)
    elif role == "agent":
        seconds = min(rand.lognormvariate(5.2, 1.0), 5400)
    else:
        seconds = min(rand.lognormvariate(4.6, 0.9), 3600)
    return timedelta(milliseconds=int(max(seconds, 2) * 1000))


def offsets(lines: list[Line], rand: random.Random) -> list[timedelta]:
    """Each line's distance from the first; given times keep their gaps, the rest get some."""
    result: list[timedelta] = []
    last_given: tuple[datetime, timedelta] | None = None
    for index, line in enumerate(lines):
        if index == 0:
            here = timedelta()
        else:
            previous = result[-1]
            if line.at is not None and last_given is not None:
                here = max(last_given[1] + (line.at - last_given[0]), previous + STEP)
            else:
                here = previous + gap(rand, lines[index - 1].role, line.role)
        if line.at is not None:
            last_given = (line.at, here)
        result.append(here)
    return result


def moment_in(
    window: tuple[datetime, datetime], zone: ZoneInfo, rand: random.Random, off_hours: float
) -> datetime:
    """A moment of the window: mostly between 9 and 19 local time, ``off_hours`` of them not."""
    start, end = window
    wants_work = rand.random() >= off_hours
    moment = start
    for _ in range(40):
        moment = start + (end - start) * rand.random()
        if (9 <= moment.astimezone(zone).hour < 19) == wants_work:
            break
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def same_clock_time(
    given: datetime, window: tuple[datetime, datetime], zone: ZoneInfo
) -> datetime | None:
    """The moment of the window with the local clock time that was given, when there is one."""
    start, end = window
    first = start.astimezone(zone).date()
    for days in range((end.astimezone(zone).date() - first).days + 1):
        date = first + timedelta(days=days)
        moment = datetime.combine(date, given.timetz().replace(tzinfo=None), zone)
        moment = moment.astimezone(start.tzinfo)
        if start <= moment < end:
            return moment
    return None


def fit(
    distances: list[timedelta], first: datetime, window: tuple[datetime, datetime]
) -> list[datetime]:
    """Moments at these distances, all in ``[start, end)`` and strictly growing.

    The conversation begins at ``first`` when it fits from there, earlier when it does not, and is
    pressed together evenly when the whole window is too short for it.
    """
    start, end = window
    room = end - start - STEP
    span = distances[-1]
    if span > room:
        scale = (room - STEP * len(distances)) / span
        distances = [d * scale + STEP * index for index, d in enumerate(distances)]
        span = distances[-1]
    first = max(start, min(first, end - STEP - span))
    return [first + distance for distance in distances]
