"""Whapi as its clients see it.

Lives here: everything under ``/whapi``. Not here: what arrived (``inbox``).
"""
