"""The search for a history that meets several rules together, at times that suit each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from journey.rules.proof.automaton import BROKEN_STATE
from journey.rules.proof.history import History, build_history

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from journey.rules.proof.automaton import Automaton, Symbols
    from journey.rules.proof.configurations import Graph, Step


class Budget:
    """The number of places in histories that searches may visit together."""

    def __init__(self, places: int) -> None:
        self._left = places

    def spend(self) -> None:
        """Visit one place.

        Raises:
            BudgetSpentError: As many places as allowed were visited.
        """
        if self._left == 0:
            raise BudgetSpentError
        self._left -= 1


class BudgetSpentError(Exception):
    """Searches have visited as many places as they may."""


class _Node(NamedTuple):
    configuration: int
    states: tuple[int, ...]


_Origins = dict[_Node, "tuple[_Node, Step | None] | None"]


def search_together(graph: Graph, automata: Sequence[Automaton], budget: Budget | None = None) -> History | None:
    """A complete history that meets all rules; None if there is none.

    In a journey in which no history ends, any history that breaks none of the rules.

    Args:
        graph: The configurations of the journey for the customers to whom all rules apply.
        automata: The rules' automata.
        budget: The places that may be visited. Default: all.

    Raises:
        BudgetSpentError: The budget is spent, and no history is found.
    """
    origins: _Origins = {}
    waiting = []
    initial = [automaton.initial for automaton in automata]
    for start in graph.starts:
        symbols = [automaton.symbols_of_start(graph.stage(start)) for automaton in automata]
        node = _enter(graph, automata, start, initial, symbols)
        if node is not None and node not in origins:
            origins[node] = None
            waiting.append(node)
    while waiting:
        if budget is not None:
            budget.spend()
        node = waiting.pop()
        if graph.has_ended(node.configuration) or not graph.has_complete_history:
            return _trace(graph, origins, node)
        for step, following in _list_following(graph, automata, node):
            if following not in origins:
                origins[following] = (node, step)
                waiting.append(following)
    return None


def _list_following(graph: Graph, automata: Sequence[Automaton], node: _Node) -> Iterator[tuple[Step | None, _Node]]:
    """The places after one move, one event that the journey does not determine, or one wait."""
    for states in _list_states_of_stay(automata, node.states):
        if BROKEN_STATE not in states:
            yield None, node._replace(states=states)
    for step in graph.steps(node.configuration):
        symbols = [automaton.symbols_of_move(step.move) for automaton in automata]
        following = _enter(graph, automata, step.target, node.states, symbols)
        if following is not None:
            yield step, following


def _list_states_of_stay(automata: Sequence[Automaton], states: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    for event in {event for automaton in automata for event in automaton.list_outside_events()}:
        symbols = [automaton.symbol_of(*event) for automaton in automata]
        yield tuple(
            state if symbol is None else automaton.after[state][symbol]
            for automaton, state, symbol in zip(automata, states, symbols, strict=True)
        )
    for index, automaton in enumerate(automata):
        if automaton.has_limit:
            yield (*states[:index], automaton.after_wait[states[index]], *states[index + 1 :])


def _enter(
    graph: Graph, automata: Sequence[Automaton], target: int, states: Sequence[int], symbols: Sequence[Symbols]
) -> _Node | None:
    """The place after some events; None if they break a rule, or end a history that does not meet it."""
    moved = zip(automata, states, symbols, strict=True)
    after = tuple(automaton.table(seen)[state] for automaton, state, seen in moved)
    if BROKEN_STATE in after:
        return None
    if graph.has_ended(target) and not all(each.is_met[state] for each, state in zip(automata, after, strict=True)):
        return None
    return _Node(target, after)


def _trace(graph: Graph, origins: _Origins, node: _Node) -> History:
    """The history that leads to a place."""
    steps: list[Step] = []
    is_complete = graph.has_ended(node.configuration)
    origin = origins[node]
    while origin is not None:
        node, step = origin
        steps += [step] if step is not None else []
        origin = origins[node]
    return build_history(graph.stage(node.configuration), steps[::-1], is_complete=is_complete)
