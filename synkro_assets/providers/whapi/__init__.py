"""Whapi.cloud: WhatsApp messages from a company's own number.

What lives here: ``client`` (what can be asked and sent) and ``errors`` (what a refusal means). What
does not: which message is due (``delivery``).
"""

from synkro_assets.providers.whapi.client import WhapiClient, client
from synkro_assets.providers.whapi.errors import PROVIDER, bad_state

__all__ = ["PROVIDER", "WhapiClient", "bad_state", "client"]
