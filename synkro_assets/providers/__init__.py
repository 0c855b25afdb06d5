"""HTTP clients of the providers: how each one is asked, paged, paced and understood.

What lives here: ``http`` (the one road out), ``sdk_transports`` (the same road for vendor SDKs),
``gate``, ``retry``, ``verdicts`` and ``redaction`` (its parts), ``pagination``, ``catalog`` (the
fields of each integration) and one package per provider. What does not: SQL (``storage``), what
is fetched for a day and how it is stored (``ingestion``), which tenant uses which key
(``operations/provider_clients.py``), the environment (``settings``).
"""
