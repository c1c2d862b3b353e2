"""The hint that follows an unknown word in an error message."""

from collections.abc import Sequence
from difflib import SequenceMatcher, get_close_matches


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


def suggest_close(word: str, known: Sequence[str], limit: int = 1) -> str:
    """``; did you mean 'x'?`` when a known word is close, otherwise empty. A word that differs in capitals is close.

    Args:
        word: The word that is not known.
        known: The words that would be valid.
        limit: Largest number of known words to name: ``; did you mean 'x' or 'y'?``.
    """
    close = (
        _find_abbreviated(word, known)
        or get_close_matches(word, known, n=limit)
        or get_close_matches(word.casefold(), known, n=limit)
    )
    # Further words are named only if they are about as close as the first.
    close = [each for each in close if _similarity(word, each) >= _similarity(word, close[0]) - _NEARLY]
    return f"; did you mean {' or '.join(map(repr, close))}?" if close else ""


def _find_abbreviated(word: str, known: Sequence[str]) -> list[str]:
    """The first known word that a word abbreviates by its initials, as `nrr` does `net_revenue_retention`."""
    if len(word) < _SHORTEST_ABBREVIATION:
        return []
    return [each for each in known if "".join(part[:1] for part in each.split("_")) == word.casefold()][:1]


_SHORTEST_ABBREVIATION = 3
"""Number of letters from which a word is compared with initials; shorter ones would match by chance."""

_NEARLY = 0.1
"""Largest difference in similarity (0 to 1) between the closest word and other words of the same hint."""


def _similarity(word: str, known: str) -> float:
    return SequenceMatcher(None, word.casefold(), known.casefold()).ratio()
