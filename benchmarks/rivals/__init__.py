"""Other people's loaders, run for comparison by interpreters of their own.

What lives here: one program each, importing nothing of Synkro. Starting and timing them is
``benchmarks/sync_rate.py``.
"""
