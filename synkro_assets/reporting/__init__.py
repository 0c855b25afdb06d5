"""The report stage: from facts to words; no SQL of its own and no Dagster.

``day_data`` is what a report is made from; ``facts_report`` says by code what the facts say;
``prompt`` and ``grounding`` let a model add words whose numbers are still put in by code;
``writer`` decides between the two. Sending is ``delivery``.
"""
