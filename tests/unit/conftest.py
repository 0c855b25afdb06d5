"""What all unit tests share: how Hypothesis behaves.

What lives here: no deadline for a single example. A machine that is busy with others is no fault.
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
