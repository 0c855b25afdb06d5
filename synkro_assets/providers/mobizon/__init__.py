"""Mobizon: SMS.

What lives here: ``client`` (what can be asked and sent) and ``errors`` (what a code means). What
does not: which message is due (``delivery``).
"""

from synkro_assets.providers.mobizon.client import Balance, MobizonClient, client

__all__ = ["Balance", "MobizonClient", "client"]
