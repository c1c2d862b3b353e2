"""Text from outside (names, IDs, labels of a user) without characters that act on a terminal or break a file format.

`scenarios.text.escaping` builds on it for the terminal, Markdown and HTML.
"""

import re

_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufff9-\ufffb\ufffe\uffff]"
)
"""Control characters except line feed and tab, overrides of the writing direction, unpaired surrogates, and others that
XML forbids."""


def escape_unprintable(text: str) -> str:
    r"""`text` with each of these characters as a code such as ``\x1b``; line feeds and tabs stay."""
    return _UNPRINTABLE.sub(lambda match: repr(match.group())[1:-1], text)


def escape_quoted(text: str) -> str:
    r"""JSON or TOML in which strings have codes such as ``\u009b`` for these characters; their values are the same.

    Outside of strings, neither format has such characters.
    """
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
