"""Gemini's REST API as a client meets it.

Lives here: models, generation, token counts, errors. The answers are built from what is in the
request: its response schema and the ids and titles of the JSON inside its prompt.
"""
