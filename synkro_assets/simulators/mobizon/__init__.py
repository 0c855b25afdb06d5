"""Mobizon as its clients see it.

Lives here: everything under ``/mobizon``. Not here: what arrived (``inbox``).
"""
