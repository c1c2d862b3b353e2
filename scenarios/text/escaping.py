"""Text from outside (names, IDs, labels of a user) made safe for a terminal, for Markdown and for HTML.

Tables and reports print such text as it is: a name such as ``[red]`` or ``<b>`` is shown letter by letter.
"""

import re
from html import escape

from journey.core.printable import escape_quoted, escape_unprintable

_MARKDOWN_SIGNS = re.compile(r"[\\|<*_`\[~]|&(?=#?\w+;)")
"""What sets a style, opens a tag or a link, or is a character reference, anywhere in a line."""
_MARKDOWN_STARTS = re.compile(r"\A(?:[#+=>-]|(\d{1,9})(?=[.)]))")
"""What makes a line a heading, a list item, a quotation or a rule."""
_CLOSING_HASHES = re.compile(r"#(?=#*\Z)")
"""Number signs at the end, which a heading would lose."""


def escape_terminal(text: str) -> str:
    r"""`text` with control characters as codes such as ``\x1b``, because they could change colours or the cursor."""
    return escape_unprintable(text)


def escape_json(text: str) -> str:
    r"""JSON in which strings have codes such as ``\u009b`` for control characters; it has the same value."""
    return escape_quoted(text)


def escape_unencodable_toml(text: str, encoding: str | None) -> str:
    r"""TOML in which strings have codes for characters that an encoding lacks; it has the same values."""
    try:
        text.encode(encoding or "utf-8")
    except UnicodeEncodeError:
        return re.sub(r"[^\x00-\x7f]", lambda found: f"\\U{ord(found[0]):08x}", text)
    return text


def escape_markdown(text: str) -> str:
    """`text` on one line, in which nothing breaks a table, opens a tag or sets a style."""
    return _MARKDOWN_SIGNS.sub(r"\\\g<0>", escape_terminal(" ".join(text.split())))


def escape_markdown_line(text: str) -> str:
    """`text` as a line of its own: in addition, it is no heading, list item, quotation or rule."""
    line = _MARKDOWN_STARTS.sub(lambda start: f"{start[1]}\\" if start[1] else f"\\{start[0]}", escape_markdown(text))
    return _CLOSING_HASHES.sub(r"\\#", line)


def escape_html(text: str) -> str:
    """`text` in which nothing opens a tag or ends an attribute."""
    return escape(escape_terminal(text))
