"""Resend: e-mails.

What lives here: ``client`` (what can be asked and sent) and ``errors`` (what a refusal means). What
does not: which mail is due (``delivery``).
"""

from synkro_assets.providers.resend.client import ResendClient, client, domain_of
from synkro_assets.providers.resend.errors import PROVIDER, QuotaUsedUp, SendingOnlyKey

__all__ = ["PROVIDER", "QuotaUsedUp", "ResendClient", "SendingOnlyKey", "client", "domain_of"]
