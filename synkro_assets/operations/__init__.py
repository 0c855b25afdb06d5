"""What command line, Dagster and later the console must all do, one function each; no Dagster.

The stages (``ingestion``, ``reporting``, ``delivery``) do the day's work; here is what surrounds
it: opening the platform, wiring clients, checks, configuration.
"""
