"""The delivery stage: from a stored report to messages that arrived; no Dagster.

``telegram`` turns a report's structure into messages, ``outbox`` sends what is queued. Queueing
happens in the report's own transaction (``storage/deliveries.py``).
"""
