"""How fast the platform is and how much memory it takes, each as a ratio measured in one run.

``python -m benchmarks`` (``make bench``) prints a table and ends 1 when a bound is broken. One module
per question, each with a ``measure`` function whose docstring says what is measured and why the
bound stands where it does. What they share: ``stage`` (database, simulators, tenants), ``processes``
(running and measuring a command), ``table`` (bounds and their printing).

Nothing here is a test of what the platform answers: that is ``tests``.
"""
