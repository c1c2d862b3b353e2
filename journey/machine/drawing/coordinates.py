"""Second part of the layout: coordinates of all elements, and the points where arrows meet stages."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from journey.machine.drawing.straighten import straighten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journey.machine.drawing.layers import Chain, Node

MIN_NODE_GAP = 22.0
"""Minimum space between neighbours in a row, in pixels."""
_ROUNDS = 40
_PORT_ROOM = 16.0
_MIN_ROW_GAP, _MAX_ROW_GAP = 20.0, 46.0


@dataclass(frozen=True, slots=True)
class Band:
    """Vertical extent of a row: from `top` to `bottom`, in pixels from the top of the page."""

    top: float
    bottom: float

    @property
    def middle(self) -> float:
        """Half-way between top and bottom."""
        return (self.top + self.bottom) / 2


def assign_coordinates(rows: list[list[Node]]) -> list[Band]:
    """Give every node its `x`, smallest 0 at the left edge of the leftmost, and every row its band."""
    for row in rows:
        _spread(row, [0.0] * len(row), [1.0] * len(row))
    for step in range(_ROUNDS):
        both = step > _ROUNDS // 2
        order = rows if step % 2 == 0 else rows[::-1]
        for row in order:
            _pull(row, up=both or step % 2 == 0, down=both or step % 2 == 1)
    straighten(rows, MIN_NODE_GAP)
    edge = min(node.x - node.left for row in rows for node in row)
    for row in rows:
        for node in row:
            node.x -= edge
    return _build_bands(rows)


def compute_ports(chains: Sequence[Chain]) -> dict[tuple[int, int], float]:
    """X coordinates where arrows meet stages: by (number of the chain, 0 for its beginning or 1 for its end), the x.

    Arrows on the same side of a stage touch it in the order in which they arrive, apart from each other.
    """
    sides: dict[tuple[int, bool], list[tuple[float, int, int]]] = {}
    stages: dict[int, Node] = {}
    for number, chain in enumerate(chains):
        if chain.nodes[0] is chain.nodes[-1]:
            continue
        for end, (stage, near) in enumerate(((chain.nodes[0], chain.nodes[1]), (chain.nodes[-1], chain.nodes[-2]))):
            stages[id(stage)] = stage
            sides.setdefault((id(stage), near.row > stage.row), []).append((near.x, number, end))
    found: dict[tuple[int, int], float] = {}
    for (key, _), touching in sides.items():
        stage = stages[key]
        touching.sort()
        # Loops need space on the right only, so the left extent is half of the box.
        half = max(stage.left - 12.0, 0.0)
        room = min(_PORT_ROOM, 2 * half / max(len(touching) - 1, 1))
        wished = [min(max(x, stage.x - half), stage.x + half) for x, _, _ in touching]
        xs = _separate(wished, [1.0] * len(wished), [room] * (len(wished) - 1))
        shift = max(stage.x - half - xs[0], 0.0) - max(xs[-1] - stage.x - half, 0.0)
        for x, (_, number, end) in zip(xs, touching, strict=True):
            found[number, end] = x + shift
    return found


def _pull(row: list[Node], *, up: bool, down: bool) -> None:
    """Move a row's nodes towards their neighbours."""
    wished, weights = [], []
    for node in row:
        near = [*(node.up if up else ()), *(node.down if down else ())]
        wished.append(sum(other.x for other in near) / len(near) if near else node.x)
        weights.append(len(near) or 0.1)
    _spread(row, wished, weights)


def _spread(row: list[Node], wished: list[float], weights: list[float]) -> None:
    min_distances = [a.right + b.left + MIN_NODE_GAP for a, b in itertools.pairwise(row)]
    for node, x in zip(row, _separate(wished, weights, min_distances), strict=True):
        node.x = x


def _separate(wished: list[float], weights: list[float], min_distances: list[float]) -> list[float]:
    """The positions nearest to the desired ones (weighted least squares) with minimum distances between neighbours.

    With the distances taken off, this is isotonic regression, solved by pooling adjacent violators.
    """
    offsets = [0.0]
    for distance in min_distances:
        offsets.append(offsets[-1] + distance)
    pools: list[tuple[float, float, int]] = []  # mean, weight, members
    for x, offset, weight in zip(wished, offsets, weights, strict=False):
        pools.append((x - offset, weight, 1))
        while len(pools) > 1 and pools[-2][0] >= pools[-1][0]:
            (a, v, m), (b, w, n) = pools[-2:]
            pools[-2:] = [((a * v + b * w) / (v + w), v + w, m + n)]
    means = [mean for mean, _, members in pools for _ in range(members)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=False)]


def _build_bands(rows: list[list[Node]]) -> list[Band]:
    """Rows from top to bottom; where arrows go far to the side the gap is wider, so that they are not too flat."""
    bands: list[Band] = []
    y = 0.0
    for row in rows:
        height = max((node.height for node in row), default=0.0)
        bands.append(Band(y, y + height))
        farthest = max((abs(end.x - node.x) for node in row for end in node.down), default=0.0)
        y += height + min(max(_MIN_ROW_GAP, farthest / 7), _MAX_ROW_GAP)
    return bands
