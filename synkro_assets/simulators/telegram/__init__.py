"""Telegram's Bot API as a bot meets it.

Lives here: sending, updates, chats of one group per tenant. Not here: how the control interface
writes as a person (``control.messages`` calls ``store``). Markdown modes are stored unparsed;
webhooks are remembered but never called; forum topics 1 to 999 exist in every group.
"""
