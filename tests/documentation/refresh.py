"""A page with the output that its examples have now."""

from collections.abc import Iterator
from pathlib import Path

from tests.documentation.blocks import Block, DocumentationError, read_blocks, read_commands, strip_blank_lines
from tests.documentation.sandbox import ROOT, Sandbox, refuse_varying, sandbox

ELLIPSIS = "..."
"""A line that stands for any number of lines, where the block is marked `shortened`."""


def find_pages() -> list[Path]:
    """All pages of the documentation."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def count_examples(text: str) -> int:
    """The number of blocks of a page that are executed."""
    return sum(block.language in ("console", "python") for block in read_blocks(text))


def refresh(text: str) -> str:
    """The page with the output that its examples have now: `text` itself, where nothing changed."""
    blocks = read_blocks(text)
    lines = text.splitlines()
    with sandbox() as running:
        edits = [edit for at, block in enumerate(blocks) for edit in _run(running, block, _next_to(blocks, at, lines))]
    for block, content in reversed(edits):
        lines[block.start : block.end] = [(block.indent + line).rstrip() for line in content]
    return "\n".join(lines) + "\n"


def _next_to(blocks: list[Block], at: int, lines: list[str]) -> Block | None:
    """The text block that follows a block with nothing but blank lines between: the output of a Python block."""
    if at + 1 == len(blocks) or blocks[at + 1].language != "text":
        return None
    between = lines[blocks[at].end + 1 : blocks[at + 1].start - 1]
    return None if any(line.strip() for line in between) else blocks[at + 1]


def _run(running: Sandbox, block: Block, output: Block | None) -> Iterator[tuple[Block, list[str]]]:
    """Run one block; yields the block whose content changes, and its new content."""
    if block.language == "console":
        yield block, [line for part in _run_console(running, block) for line in part]
    elif block.language == "python":
        yield from _run_python(running, block, output)
    if block.language != "console" and block.file_name is not None:
        running.write_file(block.file_name, block)


def _run_console(running: Sandbox, block: Block) -> Iterator[list[str]]:
    for command in read_commands(block):
        printed = strip_blank_lines(tuple(running.run_command(command, block)))
        shown = show(command.shown, printed, block)
        refuse_varying(shown, block)
        yield [*command.written, *shown]


def _run_python(running: Sandbox, block: Block, output: Block | None) -> Iterator[tuple[Block, list[str]]]:
    printed = strip_blank_lines(tuple(running.run_python(block)))
    if output is not None and not printed:
        raise DocumentationError(f"line {output.start}: the Python block above prints nothing; remove the text block")
    if output is not None:
        shown = show(output.lines, printed, output)
        refuse_varying(shown, output)
        yield output, list(shown)
    elif printed:
        refuse_varying(printed, block)
        yield block, [*block.lines, "```", "", "```text", *printed]


def show(shown: tuple[str, ...], printed: tuple[str, ...], block: Block) -> tuple[str, ...]:
    """What to show of the lines printed: all, or as much as was shown around the lines ``...``."""
    if not block.directives.is_shortened or ELLIPSIS not in shown or _fits(list(shown), list(printed)):
        return shown if block.directives.is_shortened and ELLIPSIS in shown else printed
    if shown.count(ELLIPSIS) > 1:
        raise DocumentationError(
            f"line {block.start + 1}: the output changed and has several '...'; update it by hand from\n"
            + "\n".join(printed)
        )
    head = shown.index(ELLIPSIS)
    tail = len(shown) - head - 1
    return (*printed[:head], ELLIPSIS, *printed[len(printed) - tail :])


def _fits(shown: list[str], printed: list[str]) -> bool:
    """Whether lines are the lines printed, where ``...`` stands for any number of them."""
    if ELLIPSIS not in shown:
        return shown == printed
    at = shown.index(ELLIPSIS)
    if shown[:at] != printed[:at]:
        return False
    rest = shown[at + 1 :]
    return any(_fits(rest, printed[start:]) for start in range(at, len(printed) + 1))
