"""First part of the layout: the row of each stage, and the order within rows.

The usual layered scheme (Sugiyama, Tagawa & Toda 1981). Rows alternate between stages and labels: a label is a node of
its own on its arrow's way, so that no two labels and no label and stage can lie on top of each other. Arrows that span
several rows get a bend in each row they pass.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right, insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journey.machine.drawing.links import Link

_STARTS, _SWEEPS, _PATIENCE = 16, 12, 2_000


@dataclass(eq=False, slots=True)
class Node:
    """A stage, a label or a bend. Positions are of its centre; sizes are in pixels.

    Attributes:
        name: The stage; None for labels and bends.
        left: How far it reaches to the left of its centre.
        right: How far it reaches to the right.
        height: How high it is.
        row: Its row, from 0 at the top.
        x: Its place from the left.
        up: Neighbours in the row above.
        down: Neighbours in the row below.
        line: On an arrow's way: all its labels and bends, which should stand in one vertical line.
    """

    name: str | None = None
    left: float = 0.0
    right: float = 0.0
    height: float = 0.0
    row: int = 0
    x: float = 0.0
    up: list[Node] = field(default_factory=list)
    down: list[Node] = field(default_factory=list)
    line: list[Node] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Chain:
    """The path of one arrow.

    Attributes:
        link: The arrow.
        nodes: From its source to its destination: stage, bends and the label, stage. Both ends only, for a loop.
        label: The node of its label, if it has one and is not a loop.
    """

    link: Link
    nodes: list[Node]
    label: Node | None = None


def arrange_rows(
    stages: dict[str, Node], links: Sequence[Link], label_sizes: dict[Link, tuple[float, float]]
) -> tuple[list[list[Node]], list[Chain]]:
    """Put the stages into rows, and the arrows' labels and bends between them.

    Args:
        stages: The node of each stage, in the order in which a reader expects them.
        links: The arrows.
        label_sizes: Width and height of the label of each arrow that has one.

    Returns:
        The rows from top to bottom, each ordered from left to right, and the way of each arrow.
    """
    downward = _break_cycles(list(stages), links)
    ranks = _assign_ranks(list(stages), downward)
    for name, node in stages.items():
        node.row = 2 * ranks[name]
    chains = [_build_chain(stages, link, label_sizes.get(link)) for link in links]
    rows: list[list[Node]] = [[] for _ in range(2 * max(ranks.values()) + 1)]
    seen: set[int] = set()
    for node in [*stages.values(), *(node for chain in chains for node in chain.nodes)]:
        if id(node) not in seen:
            seen.add(id(node))
            rows[node.row].append(node)
    return _minimise_crossings(rows), chains


def _break_cycles(names: list[str], links: Sequence[Link]) -> list[tuple[str, str]]:
    """The arrows as pairs without a cycle: arrows that would close a cycle are reversed. Loops are omitted."""
    onward: dict[str, list[str]] = {name: [] for name in names}
    for link in links:
        onward[link.source].append(link.destination)
    reversed_pairs: set[tuple[str, str]] = set()
    done: set[str] = set()
    for name in names:
        path: dict[str, list[str]] = {} if name in done else {name: list(onward[name])}
        while path:
            stage, ends = next(reversed(path.items()))
            if not ends:
                done.add(stage)
                del path[stage]
                continue
            end = ends.pop(0)
            if end in path:
                reversed_pairs.add((stage, end))
            elif end not in done:
                path[end] = list(onward[end])
    pairs = ((link.source, link.destination) for link in links if link.source != link.destination)
    return [(end, start) if (start, end) in reversed_pairs else (start, end) for start, end in pairs]


def _assign_ranks(names: list[str], downward: list[tuple[str, str]]) -> dict[str, int]:
    """Each stage below all stages that lead to it, as high as possible."""
    ranks = dict.fromkeys(names, 0)
    changed = True
    while changed:
        changed = False
        for upper, lower in downward:
            if ranks[lower] <= ranks[upper]:
                ranks[lower] = ranks[upper] + 1
                changed = True
    return ranks


def _build_chain(stages: dict[str, Node], link: Link, label_size: tuple[float, float] | None) -> Chain:
    start, end = stages[link.source], stages[link.destination]
    if start is end:
        return Chain(link, [start, end])
    step = 1 if end.row > start.row else -1
    nodes = [start, *(Node(row=row) for row in range(start.row + step, end.row, step)), end]
    for one, other in itertools.pairwise(nodes):
        upper, lower = (one, other) if step == 1 else (other, one)
        upper.down.append(lower)
        lower.up.append(upper)
    for node in nodes[1:-1]:
        node.line = nodes[1:-1]
    if label_size is None:
        return Chain(link, nodes)
    label = nodes[1]  # next to the arrow's source, where readers expect it
    label.left = label.right = label_size[0] / 2
    label.height = label_size[1]
    return Chain(link, nodes, label)


def _minimise_crossings(rows: list[list[Node]]) -> list[list[Node]]:
    """Reorder the rows, from several initial orders, and keep the order with the fewest crossings."""
    best, fewest = rows, _count_crossings(rows)
    # A diagram of hundreds of nodes is not readable; limit the time for it.
    starts = max(2, min(_STARTS, _PATIENCE // sum(map(len, rows))))
    for start in range(starts):
        candidate = [_permute_row(row, start) for row in rows]
        for sweep in range(_SWEEPS):
            if fewest == 0:
                return best
            upward = (sweep + start) % 2 == 1
            for row in reversed(candidate) if upward else candidate:
                _sort_by_neighbours(row, candidate, upward=upward)
            _swap_neighbours(candidate)
            crossings = _count_crossings(candidate)
            if crossings < fewest:
                best, fewest = [list(row) for row in candidate], crossings
    return best


def _permute_row(row: list[Node], by: int) -> list[Node]:
    """The row in another order: rotated, and reversed for every second attempt."""
    by_here = by // 2 % max(len(row), 1)
    rotated = row[by_here:] + row[:by_here]
    return rotated[::-1] if by % 2 else rotated


def _sort_by_neighbours(row: list[Node], rows: list[list[Node]], *, upward: bool) -> None:
    """Sort a row by the mean position of the neighbours below (or above)."""
    position = _positions(rows, row, 1 if upward else -1)
    means: dict[int, float] = {}
    for at, node in enumerate(row):
        near = [position[id(n)] for n in (node.down if upward else node.up)]
        means[id(node)] = sum(near) / len(near) if near else float(at)
    row.sort(key=lambda node: means[id(node)])


def _swap_neighbours(rows: list[list[Node]]) -> None:
    """Swap adjacent nodes if that reduces crossings."""
    for row in rows:
        above, below = _positions(rows, row, -1), _positions(rows, row, 1)
        for at in range(len(row) - 1):
            left, right = row[at], row[at + 1]
            sides = (
                ([above[id(n)] for n in left.up], [above[id(n)] for n in right.up]),
                ([below[id(n)] for n in left.down], [below[id(n)] for n in right.down]),
            )
            now = sum(a > b for lefts, rights in sides for a in lefts for b in rights)
            swapped = sum(a < b for lefts, rights in sides for a in lefts for b in rights)
            if now > swapped:
                row[at], row[at + 1] = right, left


def _positions(rows: list[list[Node]], row: list[Node], step: int) -> dict[int, int]:
    """The positions of the nodes in the row below (1) or above (-1)."""
    other = row[0].row + step if row else -1
    return {id(node): at for at, node in enumerate(rows[other])} if 0 <= other < len(rows) else {}


def _count_crossings(rows: list[list[Node]]) -> int:
    """Number of crossings between rows: pairs with opposite orders above and below."""
    total = 0
    for upper in rows:
        place = _positions(rows, upper, 1)
        passed: list[int] = []
        for node in upper:
            ends = sorted(place[id(end)] for end in node.down)
            total += sum(len(passed) - bisect_right(passed, end) for end in ends)
            for end in ends:
                insort(passed, end)
    return total
