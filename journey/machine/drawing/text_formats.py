"""A journey in text formats for diagrams: Mermaid (which many sites render) and DOT (Graphviz)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from journey.core.printable import escape_unprintable
from journey.machine.drawing.links import build_links, format_move

if TYPE_CHECKING:
    from journey.machine.definition import Journey

# Reserved words of Mermaid, which cannot be names of states.
_MERMAID_WORDS = {"as", "class", "classdef", "click", "default", "direction", "end", "hide", "note", "state", "style"}
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def to_mermaid(journey: Journey) -> str:
    """The journey as a Mermaid state diagram; `[*]` marks initial and terminal stages."""
    names = {stage: _mermaid_id(code, stage) for code, stage in enumerate(journey.stages)}
    lines = ["stateDiagram-v2"]
    lines += [
        f'    state "{escape_unprintable(stage)}" as {names[stage]}'
        for stage in journey.stages
        if names[stage] != stage
    ]
    # A stage without arrows is drawn only if it is named.
    lines += [f"    {names[stage]}" for stage in journey.stages if names[stage] == stage]
    lines += [f"    [*] --> {names[stage]}" for stage in journey.initial]
    for link in build_links(journey):
        text = _mermaid_text(" / ".join(map(format_move, link.moves)))
        lines.append(f"    {names[link.source]} --> {names[link.destination]}: {text}")
    lines += [f"    {names[stage]} --> [*]" for stage in journey.terminal]
    return "\n".join(lines) + "\n"


def to_dot(journey: Journey) -> str:
    """The journey as DOT text; a dot marks initial stages, a double border terminal stages."""
    lines = [
        f"digraph {_quoted(journey.name)} {{",
        "    rankdir=LR;",
        '    node [shape=box, style=rounded, fontname="sans-serif"];',
        '    edge [fontname="sans-serif", fontsize=11];',
        '    "*begin*" [shape=point, width=0.15, label=""];',
    ]
    for stage in journey.stages:
        more = " [peripheries=2]" if stage in journey.terminal else ""
        lines.append(f"    {_quoted(stage)}{more};")
    lines += [f'    "*begin*" -> {_quoted(stage)};' for stage in journey.initial]
    for link in build_links(journey):
        text = _quoted("\n".join(map(format_move, link.moves)))
        lines.append(f"    {_quoted(link.source)} -> {_quoted(link.destination)} [label={text}];")
    return "\n".join([*lines, "}"]) + "\n"


def _mermaid_id(code: int, stage: str) -> str:
    plain = _PLAIN.fullmatch(stage) and stage.casefold() not in _MERMAID_WORDS
    return stage if plain else f"stage_{code}__"


def _mermaid_text(text: str) -> str:
    """Characters that end or alter a label, as Mermaid's entity codes."""
    characters = escape_unprintable(text)
    return "".join(char if char.isalnum() or char in " _-/.,()[]" else f"#{ord(char)};" for char in characters)


def _quoted(text: str) -> str:
    escaped = escape_unprintable(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
