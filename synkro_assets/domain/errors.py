"""Every error Synkro raises on purpose, each with its own verdict.

What lives here: the exception tree. What does not: the mapping to exit codes (``cli``) and to
Dagster's retries (``failures``).

::

    SynkroError
    ├── UsageProblem            the caller can mend it: wrong argument, missing configuration
    │   ├── UnknownTenant
    │   ├── MissingIntegration
    │   └── SecretUnreadable    no key of the ring opens a stored secret
    └── WorkFailed              the work was attempted and did not succeed
        ├── DatabaseUnavailable
        ├── DatabaseTooOld
        ├── EmbeddedServerFailed
        ├── MigrationFailed
        ├── TransformFailed
        ├── DaysFailed          of a range of days some failed; the others are done
        ├── TenantIsBusy        another run holds the tenant's claim
        ├── ClaimLost           this run's lease ended and somebody else took over
        ├── NothingToDeliver
        ├── IncompleteFetch     a source answered less than it said it had
        ├── IncompleteExport    a target holds other rows than it was sent
        └── ProviderError
            ├── ProviderRefused     permanent: wrong key, no rights, bad request
            ├── TokenExpired        permanent until somebody reconnects
            ├── AccountStopped      the account refuses every request; asked again later
            ├── RateLimited         transient: wait ``retry_after``
            ├── ProviderUnavailable transient: network, 5xx, a cut or unreadable answer
            └── OutcomeUnknown      a send that may or may not have happened

Messages are one sentence, say what is wrong and what to do, and never carry a secret.
"""

from __future__ import annotations

from datetime import datetime


class SynkroError(Exception):
    """An expected failure; ``is_transient`` says whether the same call may succeed later."""

    is_transient = False


class UsageProblem(SynkroError):
    """Wrong usage or configuration."""


class UnknownTenant(UsageProblem):
    """No tenant carries this slug."""


class MissingIntegration(UsageProblem):
    """The tenant's mode needs an integration that is not configured."""


class SecretUnreadable(UsageProblem):
    """A stored secret opens with none of the configured keys."""


class WorkFailed(SynkroError):
    """The work was attempted and did not succeed."""


class DatabaseUnavailable(WorkFailed):
    """The platform database does not answer."""

    is_transient = True


class DatabaseTooOld(WorkFailed):
    """The platform database is older than PostgreSQL 15."""


class EmbeddedServerFailed(WorkFailed):
    """The embedded PostgreSQL server could not be prepared, started or stopped."""


class MigrationFailed(WorkFailed):
    """A migration was rolled back."""


class TransformFailed(WorkFailed):
    """dbt could not build the transforms, or one of their tests is red."""


class DaysFailed(WorkFailed):
    """Some days of a range failed; the others are done. Transient when any of the causes is."""


class TenantIsBusy(WorkFailed):
    """Another run holds the tenant's claim."""

    is_transient = True


class ClaimLost(WorkFailed):
    """This run's lease ended and another run took the tenant over."""


class NothingToDeliver(WorkFailed):
    """A delivery was asked for and the outbox holds nothing for it."""


class IncompleteFetch(WorkFailed):
    """A source answered less than it said it had; nothing of it was stored."""

    is_transient = True


class IncompleteExport(WorkFailed):
    """A target holds other rows than it was sent."""

    is_transient = True


class ProviderError(WorkFailed):
    """A provider did not do what was asked of it."""

    def __init__(self, provider: str, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.provider = provider
        self.status = status


class ProviderRefused(ProviderError):
    """Permanent: the same request will be refused again."""


class TokenExpired(ProviderError):
    """The credentials ended; somebody has to reconnect the integration."""


class RateLimited(ProviderError):
    """Too many requests; ``retry_after`` is in seconds, None when the provider named none."""

    is_transient = True

    def __init__(
        self,
        provider: str,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(provider, message, status=status)
        self.retry_after = retry_after


class AccountStopped(ProviderError):
    """The account refuses every request; none is sent before ``until`` (aware)."""

    def __init__(
        self, provider: str, message: str, *, until: datetime, status: int | None = None
    ) -> None:
        super().__init__(provider, message, status=status)
        self.until = until


class ProviderUnavailable(ProviderError):
    """Transient: no connection, a time-out, a 5xx, a cut or unreadable answer."""

    is_transient = True


class OutcomeUnknown(ProviderError):
    """A send whose answer never came: it may have been delivered and must not be repeated."""


def usage_problem_named(name: str) -> type[UsageProblem] | None:
    """The kind of UsageProblem a class name stands for; None when it is none."""
    kinds = (UsageProblem, *UsageProblem.__subclasses__())
    return next((kind for kind in kinds if kind.__name__ == name), None)
