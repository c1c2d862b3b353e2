"""The hint that follows an unknown word in an error message."""

from collections.abc import Sequence
from difflib import get_close_matches


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """The end of a message about an unknown word.

    Args:
        word: The word that is not known.
        known: The words that would be valid.

    Returns:
        ``; did you mean 'x'?`` when a known word is close, otherwise ``; known here: x, y, z``; empty when no word is
        known. A word that differs in capitals is close.
    """
    return suggest_close(word, known) or (f"; known here: {', '.join(known)}" if known else "")


def suggest_close(word: str, known: Sequence[str]) -> str:
    """``; did you mean 'x'?`` when a known word is close, otherwise empty. A word that differs in capitals is close."""
    close = get_close_matches(word, known, n=1) or get_close_matches(word.casefold(), known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
