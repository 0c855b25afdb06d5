"""What every look is given, and reading answers whose parts may have any shape.

What lives here: the context of a check and the readers all looks share. The looks themselves are
the neighbouring modules.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.platform import Platform
from synkro_assets.storage.integrations import StoredIntegration


@dataclass(frozen=True, slots=True)
class LookContext:
    """Whose integration is checked; a look sends something only if ``may_send``.

    What costs money is sent only if ``is_asked_to_send``.
    """

    platform: Platform
    tenant: Tenant
    integration: StoredIntegration
    may_send: bool = True
    is_asked_to_send: bool = False

    @property
    def public(self) -> dict[str, Any]:
        """The integration's fields that are no secrets."""
        return self.integration.public_data


def objects(value: Any) -> list[dict[str, Any]]:
    """The members of a list that are objects; no list is an empty one."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def first_text(values: Iterable[Any]) -> str | None:
    """The first of the values that is a text or a number and not empty."""
    plain = (each for each in values if isinstance(each, str | int))
    return next((str(each).strip() for each in plain if str(each).strip()), None)


def one_line(*parts: Any) -> str:
    """The parts that say something, beside each other."""
    return " ".join(text for each in parts if (text := first_text([each])) is not None)
