"""The search of all histories of a journey for those that break a rule.

It runs through the product of the journey's configurations with the rule's automaton, breadth first, so that the first
history found is one of the shortest. Times and events that the machine does not determine are all considered at once:
a history of moves has the set of all states that the rule may be in.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from journey.rules.proof.automaton import BROKEN_STATE, Automaton, Symbols
from journey.rules.proof.history import build_history

if TYPE_CHECKING:
    from journey.rules.proof.configurations import Graph, Step
    from journey.rules.proof.history import History


@dataclass(slots=True)
class Outcome:
    """What a search has found; each history is the shortest of its kind.

    Attributes:
        broken: A history that breaks the rule, whatever the guards, the times and the other events.
        broken_if_open: The same, if guards are met that the journey alone does not decide.
        maybe_broken: A history that breaks the rule at some times, or with some other events.
        met: A complete history that meets the rule; in a journey in which no history ends, any that does not break it.
        symbols: What moves and entries are to the rule.
        can_be_met: Whether some history, complete or not, breaks nothing and leaves no demand open.
    """

    broken: History | None = None
    broken_if_open: History | None = None
    maybe_broken: History | None = None
    met: History | None = None
    symbols: set[int] = field(default_factory=set)
    can_be_met: bool = False


class _Node(NamedTuple):
    configuration: int
    states: frozenset[int]
    is_open: bool


_Origins = dict[_Node, "tuple[_Node, Step] | None"]


def search(graph: Graph, automaton: Automaton) -> Outcome:
    """Search all histories for those that break a rule.

    Args:
        graph: The configurations of the journey for the customers to whom the rule applies.
        automaton: The rule's automaton.
    """
    return _Search(graph, automaton).run()


class _Search:
    """One search. A node's states are those of unbroken histories; none, if all of them are broken."""

    def __init__(self, graph: Graph, automaton: Automaton) -> None:
        self._graph = graph
        self._automaton = automaton
        self._outcome = Outcome()
        self._origins: _Origins = {}
        self._queue: deque[_Node] = deque()
        self._after: dict[tuple[frozenset[int], Symbols, bool], tuple[frozenset[int], bool]] = {}
        self._first_unbroken: _Node | None = None

    def run(self) -> Outcome:
        for start in self._graph.starts:
            symbols = self._automaton.symbols_of_start(self._graph.stage(start))
            self._enter(start, frozenset((self._automaton.initial,)), symbols, None, None)
        while self._queue:
            node = self._queue.popleft()
            for step in self._graph.steps(node.configuration):
                self._enter(step.target, node.states, self._automaton.symbols_of_move(step.move), node, step)
        if not self._graph.has_complete_history and self._first_unbroken is not None:
            self._outcome.met = self._trace(self._first_unbroken)
        return self._outcome

    def _enter(
        self, target: int, states: frozenset[int], symbols: Symbols, before: _Node | None, step: Step | None
    ) -> None:
        """Follow a history into a configuration."""
        ends = self._graph.has_ended(target)
        self._outcome.symbols.update(symbols)
        key = (states, symbols, ends)
        if key not in self._after:
            self._after[key] = self._compute_states(states, symbols, ends=ends)
        after, may_break = self._after[key]
        is_open = bool(before and before.is_open) or bool(step and step.is_open)
        node = _Node(target, after, is_open)
        if node in self._origins:
            return
        self._origins[node] = None if before is None or step is None else (before, step)
        self._note(node, ends=ends, may_break=may_break)
        # Histories that go on from a broken one are longer; other rules of the journey do not depend on them.
        if after and not ends:
            self._queue.append(node)

    def _compute_states(self, states: frozenset[int], symbols: Symbols, *, ends: bool) -> tuple[frozenset[int], bool]:
        """The unbroken states after the events of a move, and whether some times or other events break the rule."""
        automaton, table = self._automaton, self._automaton.table(symbols)
        reached = frozenset(table[state] for state in states)
        may_break = BROKEN_STATE in reached
        after = reached - {BROKEN_STATE}
        if ends:
            met = frozenset(state for state in after if automaton.is_met[state])
            return met, may_break or met != after
        staying = automaton.stay(after)
        return staying - {BROKEN_STATE}, may_break or BROKEN_STATE in staying

    def _note(self, node: _Node, *, ends: bool, may_break: bool) -> None:
        outcome = self._outcome
        outcome.can_be_met = outcome.can_be_met or any(self._automaton.is_met[state] for state in node.states)
        if not node.states:
            if node.is_open:
                outcome.broken_if_open = outcome.broken_if_open or self._trace(node)
            else:
                outcome.broken = outcome.broken or self._trace(node)
        elif ends:
            outcome.met = outcome.met or self._trace(node)
        else:
            self._first_unbroken = self._first_unbroken or node
        if may_break and outcome.maybe_broken is None:
            outcome.maybe_broken = self._trace(node)

    def _trace(self, node: _Node) -> History:
        """The history that leads to a node."""
        steps: list[Step] = []
        origin = self._origins[node]
        is_complete = self._graph.has_ended(node.configuration)
        while origin is not None:
            node, step = origin
            steps.append(step)
            origin = self._origins[node]
        return build_history(self._graph.stage(node.configuration), steps[::-1], is_complete=is_complete)
