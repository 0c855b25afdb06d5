"""The one error of the embedded server; what causes it is in the modules that raise it."""


class EmbeddedServerFailed(Exception):
    """The embedded server cannot be used; the text says what is wrong and what to do."""
