"""Made-up companies: who works there, who writes to them, what they sell on a given day.

Lives here: the data, pure and deterministic from (seed, tenant, day). Not here: how a provider's
API shows it, which each provider's package knows.
"""
