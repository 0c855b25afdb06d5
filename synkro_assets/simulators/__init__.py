"""The providers' doubles: amoCRM, Radist.Online, Telegram and Gemini behind one HTTP port.

What lives here: an ASGI application that answers as the providers do, the made-up companies it
answers about, and a control interface (``/control``) that loads them and makes trouble on demand.
What does not: anything of Synkro's own. No module here imports another Synkro package, so that a
client and its double cannot share one misunderstanding. The clients live in ``providers``.
"""
