"""The fenced blocks of a Markdown page, and what each one asks for."""

import re
from dataclasses import dataclass

_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}) *(?P<language>[\w-]*)(?P<options>.*)$")
_TITLE = re.compile(r"""\btitle=["']([^"']+)["']""")
_NAMED_IN_COMMENT = re.compile(r"^# ([\w./-]+\.\w+)$")
_DIRECTIVE = re.compile(r"^ *<!-- run: (.*?) *-->$")
_EXIT = re.compile(r"exit (\d+)")


class DocumentationError(Exception):
    """A block that cannot be run or must not be shown; the message says where and what to do."""


@dataclass(frozen=True)
class Directives:
    """What ``<!-- run: exit 2, shortened, messages -->`` above a block asks for."""

    exit_code: int = 0
    is_shortened: bool = False
    shows_messages: bool = False


@dataclass(frozen=True)
class Block:
    """A fenced block; `start` and `end` are the line numbers, from 0, of its content."""

    language: str
    title: str | None
    directives: Directives
    indent: str
    start: int
    end: int
    lines: tuple[str, ...]

    @property
    def file_name(self) -> str | None:
        """The file that the block shows: its title, or the name in the comment of its first line."""
        if self.title is not None:
            return self.title
        named = _NAMED_IN_COMMENT.match(self.lines[0]) if self.lines else None
        return named.group(1) if named else None


@dataclass(frozen=True)
class Command:
    """A command of a console block, its lines as they are written, and the output shown below it."""

    text: str
    written: tuple[str, ...]
    shown: tuple[str, ...]


def read_blocks(text: str) -> list[Block]:
    """All fenced blocks of a page, in order."""
    lines = text.splitlines()
    blocks = []
    at = 0
    while at < len(lines):
        opening = _FENCE.match(lines[at])
        at += 1
        if opening is None:
            continue
        indent, start = opening["indent"], at
        while at < len(lines) and lines[at].rstrip() != indent + opening["fence"]:
            at += 1
        if at == len(lines):
            raise DocumentationError(f"line {start}: the block is not closed")
        content = tuple(line.removeprefix(indent).rstrip() for line in lines[start:at])
        title = _TITLE.search(opening["options"])
        directives = _read_directives(lines, start - 1)
        blocks.append(
            Block(opening["language"], title.group(1) if title else None, directives, indent, start, at, content)
        )
        at += 1
    return blocks


def _read_directives(lines: list[str], fence: int) -> Directives:
    """The directives in the comment on the line above a fence, or above the blank line above it."""
    above = [line for line in lines[max(0, fence - 2) : fence] if line.strip()]
    comment = _DIRECTIVE.match(above[-1]) if above else None
    if comment is None:
        return Directives()
    words = [word.strip() for word in comment.group(1).split(",")]
    exits = [match.group(1) for word in words if (match := _EXIT.fullmatch(word))]
    unknown = [word for word in words if word not in ("shortened", "messages") and not _EXIT.fullmatch(word)]
    if unknown:
        raise DocumentationError(f"line {fence}: unknown directive {unknown[0]!r}; use exit N, shortened or messages")
    return Directives(int(exits[0]) if exits else 0, "shortened" in words, "messages" in words or bool(exits))


def read_commands(block: Block) -> list[Command]:
    """The commands of a console block: lines that begin with ``$``, continued after a backslash."""
    if not block.lines or not block.lines[0].startswith("$ "):
        raise DocumentationError(f"line {block.start + 1}: a console block must begin with '$ ' and a command")
    starts = [at for at, line in enumerate(block.lines) if line.startswith("$ ")]
    commands = []
    for start, end in zip(starts, [*starts[1:], len(block.lines)], strict=True):
        last = start
        while block.lines[last].endswith("\\") and last + 1 < end:
            last += 1
        written = block.lines[start : last + 1]
        text = "\n".join([written[0].removeprefix("$ "), *(line.removeprefix("> ") for line in written[1:])])
        commands.append(Command(text, written, strip_blank_lines(block.lines[last + 1 : end])))
    return commands


def strip_blank_lines(lines: tuple[str, ...]) -> tuple[str, ...]:
    """`lines` without the blank ones at both ends, and without trailing spaces."""
    return tuple(line.rstrip() for line in "\n".join(lines).strip("\n").split("\n")) if any(lines) else ()
