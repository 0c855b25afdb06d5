"""Two tenant-days in one process: ``second_day.py SLUG DAY DAY`` prints the seconds of each.

What lives here: the program that ``fixed_cost`` measures; the days run as ``synkro run`` runs them.
"""

from __future__ import annotations

import json
import sys
import time

from synkro_assets.commands.run import run_day
from synkro_assets.domain.business_day import parse_business_day
from synkro_assets.domain.tenant import parse_slug
from synkro_assets.operations.tenant_config import find_tenant
from synkro_assets.settings import load_settings, platform


def main(slug: str, *days: str) -> None:
    """Run the days one after the other and print what each took."""
    settings = load_settings()
    seconds = []
    with platform(settings) as opened:
        tenant = find_tenant(opened, parse_slug(slug))
        for day in days:
            started = time.monotonic()
            run_day(settings, opened, tenant, parse_business_day(day), deliver=False)
            seconds.append(time.monotonic() - started)
    json.dump(seconds, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
