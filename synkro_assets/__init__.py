"""Synkro: a tenant's sales day, from amoCRM and messengers to a report in Telegram.

The map of the package, outermost layer first; imports run downward only:

* ``cli`` and ``commands``: the ``synkro`` command; ``commands`` is what needs Dagster or simulators
* ``definitions``: START HERE; assembles everything Dagster sees
* ``simulators``: the providers' doubles, an HTTP server of its own; imports nothing from here
* ``schedules``, ``sensors``: what the daemon asks for by itself
* ``jobs``, ``asset_checks``, ``forced_report_ops``, ``assets``: the Dagster skin of the stages
* ``partitions``, ``resources``, ``failures``, ``run_coordinator``: what every asset shares
* ``settings``: the only reader of ``SYNKRO_*``
* ``operations``: what command line and Dagster (later the console) must both do, one function each
* ``ingestion``, ``reporting``, ``delivery``: the three stages; tables connect them, never calls
* ``providers``: HTTP without SQL; ``storage``: SQL without HTTP
* ``domain``: words, rules and protocols; no input or output, no clock, no framework
"""
