"""How fast the platform is and how much memory it takes, each measured in one run.

``python -m benchmarks`` (``make bench``) prints a table and ends 1 when a bound is broken. One
module per question, each with a function whose docstring says what is measured and why the bound
stands where it does: ``load_rate``, ``fixed_cost``, ``backfill``, ``volume``, ``large_backfill``,
``many_tenants``, ``sources``, ``paced_sync``, ``integration_log``.
What they share: ``stage`` (database, simulators, tenants), ``processes`` (running and measuring a
command), ``dialogs``, ``dagit`` and ``table`` (bounds and their printing). Modules that are run as
programs of their own: ``launcher``, ``second_day``, ``stored_days``, ``default_executor``,
``history``, ``schedule_tick``.

Nothing here is a test of what the platform answers: that is ``tests``.
"""
