"""The providers are cheap to import: vendor SDKs are loaded where they are used."""

from __future__ import annotations

import subprocess
import sys

CHEAP = """
import sys
import synkro_assets.providers.catalog
from synkro_assets.providers import amocrm, gemini, radist, supabase, telegram
from synkro_assets.providers import mobizon, resend, whapi
heavy = ("telegram", "google.genai", "postgrest", "supabase", "pandas", "dagster")
print([name for name in heavy if name in sys.modules])
"""


def test_importing_every_provider_loads_no_vendor_sdk():
    done = subprocess.run([sys.executable, "-c", CHEAP], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
