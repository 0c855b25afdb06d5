"""amoCRM (also Kommo) API v4, read-only.

What lives here: ``client`` (what can be asked), ``opening``, ``tokens`` and ``authorized`` (how an
account is opened) and ``errors`` (what a refusal means). What does not: which rows make a business
day (``ingestion``).
"""

from synkro_assets.providers.amocrm.client import AmoCrmClient
from synkro_assets.providers.amocrm.opening import client
from synkro_assets.providers.amocrm.tokens import OAuthApp, TokenEndpoint, is_home, is_loopback

__all__ = ["AmoCrmClient", "OAuthApp", "TokenEndpoint", "client", "is_home", "is_loopback"]
