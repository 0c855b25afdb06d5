"""Words, rules and protocols of Synkro: no input or output, no clock, no framework.

What talks to a database or a provider lives in ``storage`` and ``providers``; both meet here,
through ``protocols``.
"""
