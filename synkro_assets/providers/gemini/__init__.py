"""Gemini: one JSON answer per question, through google-genai.

What lives here: ``client`` (asking, fallback models), ``answers`` (what a usable answer is) and
``errors`` (what a refusal means). What does not: prompts, budgets and checks (``reporting``).
"""

from synkro_assets.providers.gemini.answers import GeminiAnswer
from synkro_assets.providers.gemini.client import GeminiClient, client

__all__ = ["GeminiAnswer", "GeminiClient", "client"]
