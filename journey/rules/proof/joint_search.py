"""The search for a history that meets several rules together, at times that suit each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from journey.rules.event_names import STAGE
from journey.rules.proof.automaton import BROKEN_STATE
from journey.rules.proof.history import History, build_history, list_move_events

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from journey.rules.proof.automaton import Automaton
    from journey.rules.proof.configurations import Graph, Step
    from journey.rules.proof.history import Event

MOST_NODES = 20_000
"""Places in histories that a search for three or more rules visits before it gives up."""


class SearchLimitError(Exception):
    """A search for three or more rules has visited as many places as it may."""


class _Node(NamedTuple):
    configuration: int
    states: tuple[int, ...]


_Origins = dict[_Node, "tuple[_Node, Step | None] | None"]


def search_together(graph: Graph, automata: Sequence[Automaton]) -> History | None:
    """A complete history that meets all rules; None if there is none.

    In a journey in which no history ends, any history that breaks none of the rules.

    Raises:
        SearchLimitError: There are three or more rules, with too many states to search.
    """
    origins: _Origins = {}
    waiting = []
    for start in graph.starts:
        node = _enter(
            graph, automata, start, [automaton.initial for automaton in automata], ((STAGE, graph.stage(start)),)
        )
        if node is not None and node not in origins:
            origins[node] = None
            waiting.append(node)
    while waiting:
        if len(automata) > 2 and len(origins) > MOST_NODES:
            raise SearchLimitError
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
        following = _enter(graph, automata, step.target, node.states, list_move_events(step.move))
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
    graph: Graph, automata: Sequence[Automaton], target: int, states: Sequence[int], events: tuple[Event, ...]
) -> _Node | None:
    """The place after some events; None if they break a rule, or end a history that does not meet it."""
    after = []
    for automaton, state in zip(automata, states, strict=True):
        for symbol in automaton.list_visible(events):
            state = automaton.after[state][symbol]
        if state == BROKEN_STATE or (graph.has_ended(target) and not automaton.is_met[state]):
            return None
        after.append(state)
    return _Node(target, tuple(after))


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
