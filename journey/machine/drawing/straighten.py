"""Middle part of the layout: long arrows are vertical lines where the order of the rows allows it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from journey.machine.drawing.layers import Node

_ROUNDS = 60


@dataclass(eq=False, slots=True)
class _Bar:
    """Nodes that share one `x`: a stage, or the label and bends of an arrow.

    Attributes:
        nodes: The nodes, at most one per row.
        x: Their place.
        lefts: Bars that stand to the left in some row, each with the least distance to it.
        rights: Bars that stand to the right, likewise.
    """

    nodes: list[Node]
    x: float
    lefts: list[tuple[_Bar, float]] = field(default_factory=list)
    rights: list[tuple[_Bar, float]] = field(default_factory=list)


def straighten(rows: list[list[Node]], min_gap: float) -> None:
    """Move the nodes so that each arrow's labels and bends share one `x`, keeping all distances within rows.

    Args:
        rows: The rows, with every node's `x` already a good first guess.
        min_gap: Least room between neighbours in a row.
    """
    bars = _order_bars(rows, min_gap)
    # One pass moves bars to the right only, one to the left only. Both keep all distances, and so does their mean.
    pushed_right: dict[int, float] = {}
    for bar in bars:
        pushed_right[id(bar)] = max([bar.x, *(pushed_right[id(left)] + far for left, far in bar.lefts)])
    pushed_left: dict[int, float] = {}
    for bar in reversed(bars):
        pushed_left[id(bar)] = min([bar.x, *(pushed_left[id(right)] - far for right, far in bar.rights)])
    for bar in bars:
        bar.x = (pushed_right[id(bar)] + pushed_left[id(bar)]) / 2
    bar_of = {id(node): bar for bar in bars for node in bar.nodes}
    for step in range(_ROUNDS):
        for bar in bars if step % 2 == 0 else reversed(bars):
            _pull(bar, bar_of)
    for bar in bars:
        for node in bar.nodes:
            node.x = bar.x


def _pull(bar: _Bar, bar_of: dict[int, _Bar]) -> None:
    """Move one bar towards its connected bars, as far as its neighbours allow."""
    near = [bar_of[id(other)] for node in bar.nodes for other in (*node.up, *node.down)]
    xs = [other.x for other in near if other is not bar]
    if not xs:
        return
    lower = max((left.x + far for left, far in bar.lefts), default=float("-inf"))
    upper = min((right.x - far for right, far in bar.rights), default=float("inf"))
    bar.x = max(lower, min(sum(xs) / len(xs), upper))


def _order_bars(rows: list[list[Node]], min_gap: float) -> list[_Bar]:
    """All bars, each after those to its left. Bars in a cyclic left-of relation are split."""
    apart: set[int] = set()
    while True:
        bars = _build_bars(rows, apart)
        _link_neighbours(rows, bars, min_gap)
        ordered = _sort_left_to_right(bars)
        if len(ordered) == len(bars):
            return ordered
        placed = {id(bar) for bar in ordered}
        apart |= {id(node) for bar in bars if id(bar) not in placed for node in bar.nodes}


def _build_bars(rows: list[list[Node]], apart: set[int]) -> list[_Bar]:
    bars: list[_Bar] = []
    taken: set[int] = set()
    for node in (node for row in rows for node in row):
        if id(node) in taken:
            continue
        nodes = [node] if id(node) in apart or not node.line else node.line
        taken |= {id(each) for each in nodes}
        bars.append(_Bar(nodes, sum(each.x for each in nodes) / len(nodes)))
    return bars


def _link_neighbours(rows: list[list[Node]], bars: Iterable[_Bar], min_gap: float) -> None:
    bar_of = {id(node): bar for bar in bars for node in bar.nodes}
    for row in rows:
        for left, right in itertools.pairwise(row):
            far = left.right + right.left + min_gap
            bar_of[id(left)].rights.append((bar_of[id(right)], far))
            bar_of[id(right)].lefts.append((bar_of[id(left)], far))


def _sort_left_to_right(bars: list[_Bar]) -> list[_Bar]:
    """Bars in an order in which each comes after those to its left; bars in a cycle are omitted."""
    waiting_for = {id(bar): len(bar.lefts) for bar in bars}
    ready = [bar for bar in bars if not bar.lefts]
    ordered: list[_Bar] = []
    while ready:
        bar = ready.pop()
        ordered.append(bar)
        for right, _ in bar.rights:
            waiting_for[id(right)] -= 1
            if waiting_for[id(right)] == 0:
                ready.append(right)
    return ordered
