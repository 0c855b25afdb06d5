"""Radist.Online API v2 as a reader meets it.

Lives here: connections, the feed of contacts with chats, messages, sending. Not here: the
conversations themselves (``world``).
"""
