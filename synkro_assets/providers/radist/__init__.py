"""Radist.Online API v2, read-only: the messengers' chats and messages.

What lives here: ``client`` (what can be asked), ``errors`` (what a refusal means) and ``times``
(how its times are written). What does not: which messages make a business day (``ingestion``).
"""

from synkro_assets.providers.radist.client import ChatMessages, RadistClient, client
from synkro_assets.providers.radist.times import parse_time

__all__ = ["ChatMessages", "RadistClient", "client", "parse_time"]
