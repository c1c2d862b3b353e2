"""Transition coverage: the smallest set of paths that contains every move of a journey at least once.

A path starts in an initial stage, follows legal moves and may end anywhere. It may visit a stage or use a move more
than once. The set minimises first the number of paths, then the total number of moves. Moves from unreachable stages
are in no path. Guards are ignored.

Method: every move is used once, and repeated until each stage is balanced (each visit has one arrival and one
    departure;
the start of a path counts as an arrival and its end as a departure). A minimum-cost flow determines the repeated moves
and the starts: a repeated move costs one, and an additional path costs more than all repetitions together. One path per
connected component is free, because each component needs at least one. Moves and repetitions then form an Eulerian
graph, and its circuit (Hierholzer) is split into the paths. This is the Chinese postman problem on a directed graph
(Edmonds & Johnson 1973) with free ends.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from journey.machine.reachability import reachable_stages

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from journey.machine.definition import Journey
    from journey.machine.moves import Move

# Nodes of the flow network and the Eulerian graph that are not stages; tuples, so that no stage has the same name.
_BEGIN = ("begin",)
_DEMAND = ("demand",)
_PAID = ("paid",)
_UNLIMITED = 1 << 40


def covering_paths(journey: Journey) -> tuple[tuple[Move, ...], ...]:
    """The smallest set of paths from the initial stages with every reachable move.

    Returns:
        Paths of one or more moves each, in the order of their first moves; empty if no move is reachable.
    """
    reached = reachable_stages(journey)
    moves = [move for move in journey.moves if move.source in reached]
    components = _connected_components(moves)
    flow = _minimum_repetition_flow(journey.initial, moves, components)
    starts = _path_starts(journey.initial, components, flow)
    repeated = [move for move in moves for _ in range(1 + flow[move.source, move.destination, move])]
    paths = _split_circuit(starts, repeated)
    return tuple(sorted(paths, key=lambda path: [journey.moves.index(move) for move in path]))


def format_path(path: Sequence[Move]) -> str:
    """A path as text: ``onboarding -activate-> engagement -churn-> churned``."""
    if not path:
        return ""
    return path[0].source + "".join(f" -{move.name}-> {move.destination}" for move in path)


def _connected_components(moves: Iterable[Move]) -> dict[str, int]:
    """The connected component of each stage with a move (directions ignored)."""
    component: dict[str, int] = {}
    for number, move in enumerate(moves):
        merged = {component.get(move.source, number), component.get(move.destination, number), number}
        for stage, old in list(component.items()):
            if old in merged:
                component[stage] = number
        component[move.source] = component[move.destination] = number
    return component


def _minimum_repetition_flow(
    initial: Sequence[str], moves: Sequence[Move], components: dict[str, int]
) -> Counter[tuple[Hashable, Hashable, Hashable]]:
    """The number of repetitions of each move and of path starts in each stage, at minimum cost."""
    missing = Counter(move.source for move in moves)
    missing.subtract(move.destination for move in moves)
    network = _FlowNetwork()
    path_cost = len(moves) * len(components) + 1  # more than the cost of all repetitions
    network.add_arc(_BEGIN, _PAID, _UNLIMITED, path_cost)
    for stage in initial:
        if stage in components:
            free = ("free", components[stage])
            if (_BEGIN, free, None) not in network.capacity:
                network.add_arc(_BEGIN, free, 1, 0)
            network.add_arc(free, stage, _UNLIMITED, 0)
            network.add_arc(_PAID, stage, _UNLIMITED, 0)
    for move in moves:
        network.add_arc(move.source, move.destination, _UNLIMITED, 1, move)
    for stage in components:
        if missing[stage] > 0:
            network.add_arc(stage, _DEMAND, missing[stage], 0)
        elif missing[stage] < 0:
            network.add_arc(_BEGIN, stage, -missing[stage], 0, "arrivals to spare")
    network.maximise_flow(_BEGIN, _DEMAND)
    return network.flow


def _path_starts(
    initial: Sequence[str], components: dict[str, int], flow: Counter[tuple[Hashable, Hashable, Hashable]]
) -> list[str]:
    """The stages in which paths start, one entry per path."""
    starts: list[str] = []
    for stage in initial:
        if stage in components:
            paid, free = flow[_PAID, stage, None], flow[("free", components[stage]), stage, None]
            starts += [stage] * (paid + free)
    started = {components[stage] for stage in starts}
    for stage in initial:
        # A component in which every stage is balanced has no start in the flow, but needs one.
        if stage in components and components[stage] not in started:
            starts.append(stage)
            started.add(components[stage])
    return starts


def _split_circuit(starts: list[str], moves: list[Move]) -> list[tuple[Move, ...]]:
    """Walk the Eulerian graph in which every path starts and ends in one extra node, and split it there."""
    arrivals = Counter(starts) + Counter(move.destination for move in moves)
    arrivals.subtract(move.source for move in moves)
    outgoing: dict[Hashable, list[tuple[Hashable, Move | None]]] = {}
    for stage, ends in arrivals.items():
        outgoing.setdefault(stage, []).extend([(_BEGIN, None)] * ends)
    for move in reversed(moves):
        outgoing.setdefault(move.source, []).append((move.destination, move))
    for stage in reversed(starts):
        outgoing.setdefault(_BEGIN, []).append((stage, None))
    paths: list[list[Move]] = []
    for node, by in _euler_circuit(outgoing, _BEGIN):
        if by is not None:
            paths[-1].append(by)
        elif node != _BEGIN:
            paths.append([])
    return [tuple(path) for path in paths if path]


def _euler_circuit(
    outgoing: dict[Hashable, list[tuple[Hashable, Move | None]]], start: Hashable
) -> list[tuple[Hashable, Move | None]]:
    """Hierholzer's circuit: every arc once, as (node reached, move made); empties `outgoing`."""
    circuit: list[tuple[Hashable, Move | None]] = []
    stack: list[tuple[Hashable, Move | None]] = [(start, None)]
    while stack:
        out = outgoing.get(stack[-1][0])
        if out:
            stack.append(out.pop())
        else:
            circuit.append(stack.pop())
    circuit.reverse()
    return circuit[1:]


@dataclass
class _FlowNetwork:
    """A small network for minimum-cost flow by successive cheapest paths (Bellman-Ford). Arcs are (from, to, label)."""

    capacity: dict[tuple[Hashable, Hashable, Hashable], int] = field(default_factory=dict)
    cost: dict[tuple[Hashable, Hashable, Hashable], int] = field(default_factory=dict)
    flow: Counter[tuple[Hashable, Hashable, Hashable]] = field(default_factory=Counter)

    def add_arc(self, start: Hashable, end: Hashable, capacity: int, cost: int, label: Hashable = None) -> None:
        self.capacity[start, end, label] = capacity
        self.cost[start, end, label] = cost

    def maximise_flow(self, source: Hashable, sink: Hashable) -> None:
        """As much flow as possible from source to sink, as cheaply as possible."""
        while path := self._cheapest_path(source, sink):
            amount = min(self.capacity[arc] - self.flow[arc] if onward else self.flow[arc] for arc, onward in path)
            for arc, onward in path:
                self.flow[arc] += amount if onward else -amount

    def _cheapest_path(
        self, source: Hashable, sink: Hashable
    ) -> list[tuple[tuple[Hashable, Hashable, Hashable], bool]]:
        """Arcs of the cheapest path with free capacity, each with its direction; empty if there is none."""
        cost_to: dict[Hashable, int] = {source: 0}
        arrival_arc: dict[Hashable, tuple[tuple[Hashable, Hashable, Hashable], bool]] = {}
        improved = True
        while improved:
            improved = False
            for arc, capacity in self.capacity.items():
                for start, end, sign, room in (
                    (arc[0], arc[1], 1, capacity - self.flow[arc]),
                    (arc[1], arc[0], -1, self.flow[arc]),
                ):
                    if room <= 0 or start not in cost_to:
                        continue
                    cost = cost_to[start] + sign * self.cost[arc]
                    if end not in cost_to or cost < cost_to[end]:
                        cost_to[end], arrival_arc[end], improved = cost, (arc, sign == 1), True
        path = []
        node = sink
        while node in arrival_arc:
            path.append(arrival_arc[node])
            arc, onward = arrival_arc[node]
            node = arc[0] if onward else arc[1]
        return path[::-1]
