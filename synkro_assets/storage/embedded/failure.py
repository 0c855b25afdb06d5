"""The one error of the embedded server; what causes it is in the modules that raise it."""

from synkro_assets.domain.errors import EmbeddedServerFailed

__all__ = ["EmbeddedServerFailed"]
