"""The errors this software raises on purpose, with one root so that a caller can catch them all.

Each message says what was wrong, where, and how to mend it.
"""


class JourneyError(Exception):
    """The root of every error raised on purpose by journeylab."""


class InputError(JourneyError):
    """What the user gave (a file, a key, an option) is wrong; the message says how to mend it."""
