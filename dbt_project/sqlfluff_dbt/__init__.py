"""What sqlfluff's jinja templater knows of dbt beyond its own builtins.

Linting needs neither a database nor dbt, so the names that the macros use are given here: a run of one
tenant and day, so that every branch of a model renders. Nothing of this reaches a real run.
"""

import datetime
import re
from types import SimpleNamespace

RUN = {"tenant_id": "11111111-1111-4111-8111-111111111111", "business_days": ["2026-03-02"]}

modules = SimpleNamespace(datetime=datetime, re=re)
execute = False


def var(name: str) -> object:
    return RUN[name]
