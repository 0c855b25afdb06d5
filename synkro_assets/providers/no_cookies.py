"""Requests that know nothing of each other.

What lives here: the cookie jar that stays empty. Looking for cookies in an answer takes longer than
reading its headers does.
"""

from __future__ import annotations

import httpx


class _NoCookies(httpx.Cookies):
    """Keeps none."""

    def extract_cookies(self, response: httpx.Response) -> None:
        pass


NO_COOKIES = _NoCookies()
