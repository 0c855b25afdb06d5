"""amoCRM (also Kommo) API v4, read-only.

What lives here: ``client`` (what can be asked) and ``errors`` (what a refusal means). What does
not: which rows make a business day (``ingestion``).
"""

from synkro_assets.providers.amocrm.client import AmoCrmClient, client

__all__ = ["AmoCrmClient", "client"]
