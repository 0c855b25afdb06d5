"""The control interface: loading worlds, making trouble, looking behind the scenes.

Lives here: everything under ``/control``. Not here: anything a provider would answer.
"""
