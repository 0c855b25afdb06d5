"""Synkro: a tenant's sales day, from amoCRM and messengers to a report in Telegram.

The map of the package, outermost layer first; imports run downward only:

* ``cli`` and ``commands``: the ``synkro`` command; what needs Dagster or the simulators is in ``commands``
* ``definitions``: START HERE; assembles everything Dagster sees
* ``simulators``: the providers' doubles, an HTTP server of their own; imports nothing of this package
* ``jobs``, ``asset_checks``, ``assets``: the Dagster skin, a few lines around the stages
* ``partitions``, ``resources``, ``failures``, ``run_coordinator``: what every asset shares
* ``settings``: the only reader of ``SYNKRO_*``
* ``operations``: what command line and Dagster (later the console) must both do, one function each
* ``ingestion``, ``reporting``, ``delivery``: the three stages; tables connect them, never calls
* ``providers``: HTTP without SQL; ``storage``: SQL without HTTP
* ``domain``: words, rules and protocols; no input or output, no clock, no framework
"""
