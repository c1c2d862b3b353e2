"""The errors that journeylab raises, with one base class so that a caller can catch them all.

Each message states what is wrong, where, and how to correct it.
"""


class JourneyError(Exception):
    """Base class of all errors that journeylab raises."""


class InputError(JourneyError):
    """An invalid file, key, value or option; the message says how to correct it."""


class MissingPackageError(InputError, ImportError):
    """An optional package that is needed is not installed; the message says what to install."""


class OldKeyWarning(FutureWarning):
    """A file has a key that was renamed. The key is still accepted; the message states what to write instead."""
