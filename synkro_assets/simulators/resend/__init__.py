"""Resend as its clients see it.

Lives here: everything under ``/resend``. Not here: what arrived (``inbox``).
"""
