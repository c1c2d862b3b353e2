"""Text from outside (names, IDs, labels of a user) made safe for a terminal, for Markdown and for HTML.

Tables and reports print such text as it is: a name such as ``[red]`` or ``<b>`` is shown letter by letter.
"""

import re
from html import escape

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters except line feed and tab, overrides of the writing direction, and unpaired surrogates."""
_MARKDOWN_SIGNS = ("\\", "|", "<", "*", "_", "`", "[")


def escape_terminal(text: str) -> str:
    r"""`text` with control characters as codes such as ``\x1b``, because they could change colours or the cursor."""
    return _CONTROL.sub(lambda match: repr(match.group())[1:-1], text)


def escape_json(text: str) -> str:
    r"""JSON text with control characters that JSON permits as codes such as ``\u202e``; its value stays the same.

    The line feed, which indents JSON, and the tab stay.
    """
    return _CONTROL.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def escape_markdown(text: str) -> str:
    """`text` on one line, in which nothing breaks a table, opens a tag or sets a style."""
    safe = escape_terminal(" ".join(text.split()))
    for sign in _MARKDOWN_SIGNS:
        safe = safe.replace(sign, f"\\{sign}")
    return safe


def escape_html(text: str) -> str:
    """`text` in which nothing opens a tag or ends an attribute."""
    return escape(escape_terminal(text))
