"""Supabase: the rows of a tenant's own project, through the supabase library.

What lives here: ``client`` (upsert, read, delete, look), ``keys`` (which key is which) and
``errors`` (what a refusal means). What does not: which rows go there (``delivery``).
"""

from synkro_assets.providers.supabase.client import SupabaseClient, client

__all__ = ["SupabaseClient", "client"]
