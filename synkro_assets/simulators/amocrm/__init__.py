"""amoCRM API v4 as a reader meets it.

Lives here: the answers to GET requests under ``/api/v4`` and the OAuth2 token endpoint. Not here:
the leads and contacts themselves (``world``).
"""
