"""The ingestion stage: one tenant-day of each source, from a provider's answers to raw rows.

``amocrm`` and ``radist`` fetch and store a day, ``completeness`` refuses a short fetch, ``phones``
reads numbers as people write them. HTTP is ``providers``, SQL is ``storage``; no Dagster here.
"""
