"""A small document: blocks of content, rendered as Markdown or as one self-contained HTML page."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from journey.core.errors import InputError
from scenarios.text.escaping import escape_html, escape_markdown, escape_markdown_line, escape_terminal
from scenarios.text.phrases import describe_omitted_rows


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 is the title."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of plain text."""

    text: str


@dataclass(frozen=True, slots=True)
class Items:
    """A list of plain text."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """A command or other text that is shown verbatim."""

    text: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; the columns from `numbers_from` up to `numbers_to` (not included) hold numbers, aligned right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers_from: int = 1
    numbers_to: int | None = None

    @property
    def numbers(self) -> range:
        """Indices of the columns that hold numbers."""
        return range(self.numbers_from, len(self.columns) if self.numbers_to is None else self.numbers_to)


_FLUSH_RIGHT = ' class="n"'
MIN_BREAKABLE_LENGTH = 20
"""In characters; a longer word in a table may be broken."""

Block = Heading | Paragraph | Items | Code | Grid

MAX_ROWS = 200
"""A report lists this many findings, decisions or steps, the most important ones, and says how many it omits."""


def omitted_rows_note(
    total: int, noun: str, *, shown: int = MAX_ROWS, remedy: str = "--json lists all."
) -> list[Block]:
    """A paragraph on the rows beyond those shown; nothing where there are none."""
    note = describe_omitted_rows(total, shown, noun, remedy=remedy)
    return [Paragraph(note)] if note else []


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:80rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}"
    # Lines of text stay short enough to read; tables may take the whole page.
    "p,ul{max-width:60rem}h2{margin-top:2.5rem}"
    "table{border-collapse:collapse;margin:1rem 0;font-size:.9rem;line-height:1.35}"
    "th,td{padding:.3rem .6rem;border-bottom:1px solid #ccc;text-align:left;vertical-align:top}"
    "th{vertical-align:bottom;border-bottom:2px solid #888}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.n{white-space:nowrap}"
    "td:last-child:not(.n){min-width:12rem}"
    "pre{background:#f4f4f4;padding:.75rem;overflow:auto}div.wide{overflow-x:auto}"
)


def refuse_unknown_format(path: Path) -> None:
    """Refuse a path whose extension is not that of a report.

    Raises:
        InputError: The extension is neither ``.md`` nor ``.html``.
    """
    if path.suffix not in (".md", ".html"):
        raise InputError(f"{path}: unknown report format; use the extension .md or .html")


def render(blocks: Sequence[Block], path: Path) -> str:
    """The document in the format given by the extension of `path`.

    Raises:
        InputError: The extension is neither ``.md`` nor ``.html``.
    """
    refuse_unknown_format(path)
    return render_html(blocks) if path.suffix == ".html" else render_markdown(blocks)


def render_markdown(blocks: Sequence[Block]) -> str:
    """The document as Markdown; text is escaped, so that it cannot break a table or open a tag."""
    return "\n\n".join(_markdown(block) for block in blocks) + "\n"


def _markdown(block: Block) -> str:
    match block:
        case Heading(level, text):
            return f"{'#' * level} {escape_markdown_line(text)}"
        case Paragraph(text):
            return escape_markdown_line(text)
        case Items(items):
            return "\n".join(f"- {escape_markdown_line(item)}" for item in items)
        case Code(text):
            return "\n".join(f"    {line}" for line in escape_terminal(text).splitlines())
        case Grid(columns, rows):
            numbers = block.numbers
            ruler = ["---:" if index in numbers else "---" for index in range(len(columns))]
            return "\n".join(_markdown_row(cells) for cells in (columns, ruler, *rows))


def _markdown_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(escape_markdown(cell) for cell in cells) + " |"


def render_html(blocks: Sequence[Block]) -> str:
    """The document as one self-contained HTML page."""
    title = next((block.text for block in blocks if isinstance(block, Heading)), "Report")
    body = "\n".join(_html(block) for block in blocks)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape_html(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _html(block: Block) -> str:
    match block:
        case Heading(level, text):
            return f"<h{level}>{escape_html(text)}</h{level}>"
        case Paragraph(text):
            return f"<p>{escape_html(text)}</p>"
        case Items(items):
            return "<ul>" + "".join(f"<li>{escape_html(item)}</li>" for item in items) + "</ul>"
        case Code(text):
            return f"<pre>{escape_html(text)}</pre>"
        case Grid(columns, rows):
            numbers = block.numbers
            head = _html_row("th", columns, numbers)
            body = "".join(_html_row("td", row, numbers) for row in rows)
            return f'<div class="wide"><table><thead>{head}</thead><tbody>{body}</tbody></table></div>'


def _html_row(tag: str, cells: Sequence[str], numbers: range) -> str:
    cells_html = (
        f"<{tag}{_FLUSH_RIGHT if index in numbers else ''}>{_allow_breaks(cell)}</{tag}>"
        for index, cell in enumerate(cells)
    )
    return f"<tr>{''.join(cells_html)}</tr>"


def _allow_breaks(cell: str) -> str:
    """A cell in which long keys may be broken after their underscores, so that one of them does not widen a table."""
    words = (
        escape_html(word).replace("_", "_<wbr>") if len(word) > MIN_BREAKABLE_LENGTH else escape_html(word)
        for word in cell.split(" ")
    )
    return " ".join(words)
