"""Rules that contradict each other: each can be met, but no complete history meets all of them.

Times are those that suit each rule best, so a contradiction that follows from days only is not found.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from journey.core.findings import FindingSeverity
from journey.rules.proof.automaton import BROKEN_STATE, MACHINE_KINDS
from journey.rules.proof.configurations import Customers
from journey.rules.proof.joint_search import Budget, BudgetSpentError, search_together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from journey.rules.proof.automaton import Automaton
    from journey.rules.proof.configurations import Graph
    from journey.rules.proof.history import History
    from journey.rules.rule import Rule, Where


MOST_RULES, MOST_PLACES = 20, 5_000
"""Limits of the search for sets of three or more rules: rules, and places in histories that all searches visit."""

MOST_PLACES_OF_PAIRS = 500_000
"""Places in histories that the searches for all pairs visit. Only rules with large counts need more."""


class Candidate(NamedTuple):
    """A rule that some histories meet and others may break.

    Attributes:
        rule: The rule.
        automaton: Its automaton.
        met: A history that meets it.
    """

    rule: Rule
    automaton: Automaton
    met: History


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Rules each of which can be met, while no complete history meets all of them.

    Attributes:
        rules: The rules; without any one of them, some history meets the others.
    """

    rules: tuple[Rule, ...]

    @property
    def fails(self) -> bool:
        """Whether all of the rules have severity error."""
        return all(rule.severity is FindingSeverity.ERROR for rule in self.rules)

    @property
    def message(self) -> str:
        """The contradiction in one sentence."""
        *names, last = (f"{rule.name!r}" for rule in self.rules)
        together = "both" if len(self.rules) == 2 else "all of"
        return f"No complete history meets {together} {', '.join(names)} and {last}, although each can be met."

    def to_dict(self) -> dict[str, Any]:
        """The contradiction as the command line's JSON."""
        return {"rules": [rule.name for rule in self.rules], "message": self.message}


class Contradictions(NamedTuple):
    """What the search for contradictions has found.

    Attributes:
        found: The contradictions.
        undecided_pairs: Number of pairs that were not decided, because their histories are too many.
    """

    found: tuple[Contradiction, ...]
    undecided_pairs: int


def find_contradictions(graph_for: Callable[[Customers], Graph], candidates: Sequence[Candidate]) -> Contradictions:
    """The pairs of rules that contradict each other, and some larger sets without such a pair.

    A set of three or more is found if its rules are among the first `MOST_RULES` that do not contradict each other in
    pairs, and before `MOST_PLACES` are visited.

    Args:
        graph_for: Builds the graph of the histories of some customers.
        candidates: The rules that some histories meet and others may break.
    """
    finder = _Finder(graph_for, candidates)
    budget = Budget(MOST_PLACES_OF_PAIRS)
    pairs, undecided = [], 0
    for pair in combinations(range(len(candidates)), 2):
        try:
            if finder.contradict(pair, budget):
                pairs.append(pair)
        except BudgetSpentError:
            undecided += 1
    sets = [] if undecided else list(finder.find_larger_sets(pairs))
    return Contradictions(tuple(map(finder.describe, [*pairs, *sets])), undecided)


class _Finder:
    """Looks for histories that meet rules together. Most are met by histories that are known from other rules."""

    def __init__(self, graph_for: Callable[[Customers], Graph], candidates: Sequence[Candidate]) -> None:
        self._graph_for = graph_for
        self._candidates = candidates
        self._histories: list[History] = []
        self._met_by: list[set[int]] = [set() for _ in candidates]
        self._possible: dict[tuple[int, Customers], bool] = {}
        for history in dict.fromkeys(candidate.met for candidate in candidates):
            self._add_history(history)

    def describe(self, members: Iterable[int]) -> Contradiction:
        return Contradiction(tuple(self._candidates[index].rule for index in members))

    def contradict(self, members: Sequence[int], budget: Budget | None = None) -> bool:
        """Whether no complete history meets the rules together, although there are customers to whom all apply."""
        customers = _find_common_customers([self._candidates[index].rule.where for index in members])
        if customers is None or self._are_met_together(members, customers):
            return False
        automata = [self._candidates[index].automaton for index in members]
        found = search_together(self._graph_for(customers), automata, budget)
        if found is not None:
            self._add_history(found)
        return found is None

    def find_larger_sets(self, pairs: Sequence[tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
        """Minimal sets of three or more contradicting rules, among rules that do not contradict each other in pairs."""
        known = set(pairs)
        members: list[int] = []
        for index in range(len(self._candidates)):
            fits = not any((other, index) in known for other in members)
            if fits and len(members) < MOST_RULES and self._share_customers([*members, index]):
                members.append(index)
        budget = Budget(MOST_PLACES)
        with suppress(BudgetSpentError):
            while len(members) > 2 and self.contradict(members, budget):
                smallest = list(members)
                for index in members:
                    fewer = [each for each in smallest if each != index]
                    if self.contradict(fewer, budget):
                        smallest = fewer
                yield tuple(smallest)
                members.remove(smallest[-1])

    def _share_customers(self, members: Sequence[int]) -> bool:
        return _find_common_customers([self._candidates[index].rule.where for index in members]) is not None

    def _add_history(self, history: History) -> None:
        number = len(self._histories)
        self._histories.append(history)
        for candidate, met_by in zip(self._candidates, self._met_by, strict=True):
            if _can_meet(candidate.automaton, history):
                met_by.add(number)

    def _are_met_together(self, members: Sequence[int], customers: Customers) -> bool:
        """Whether a known history meets the rules, with other events that do not matter to two of them."""
        outside = [kind for index in members for kind in self._candidates[index].rule.kinds - MACHINE_KINDS]
        if len(set(outside)) < len(outside):
            return False
        common = set.intersection(*(self._met_by[index] for index in members))
        return any(self._is_possible(number, customers) for number in common)

    def _is_possible(self, number: int, customers: Customers) -> bool:
        """Whether customers can have a history, and it is complete where any is."""
        key = (number, customers)
        if key not in self._possible:
            self._possible[key] = _is_complete(self._graph_for(customers), self._histories[number])
        return self._possible[key]


def _find_common_customers(conditions: Sequence[Where]) -> Customers | None:
    """The customers to whom rules apply together; None if there are none."""
    customers = Customers()
    for where in conditions:
        both = customers.intersect(Customers.of(where))
        if both is None:
            return None
        customers = both
    lowest = max((where.min_value for where in conditions if where.min_value is not None), default=None)
    highest = min((where.max_value for where in conditions if where.max_value is not None), default=None)
    if lowest is not None and highest is not None and lowest > highest:
        return None
    consents = {where.consent for where in conditions} - {None}
    return None if len(consents) > 1 else customers


def _can_meet(automaton: Automaton, history: History) -> bool:
    """Whether a history of moves meets a rule at some times and with some other events."""
    moments = [automaton.symbols_of_start(history.start), *map(automaton.symbols_of_move, history.moves)]
    states = frozenset((automaton.initial,))
    for number, symbols in enumerate(moments):
        table = automaton.table(symbols)
        states = frozenset(table[state] for state in (automaton.stay(states) if number else states))
    states -= {BROKEN_STATE}
    return any(automaton.is_met[state] for state in states) or (not history.is_complete and bool(states))


def _is_complete(graph: Graph, history: History) -> bool:
    """Whether customers of a graph can have a history, and it is complete where any is."""
    places = [number for number in graph.starts if graph.stage(number) == history.start]
    for move in history.moves:
        places = [step.target for place in places for step in graph.steps(place) if step.move == move]
    return any(graph.has_ended(place) or not graph.has_complete_history for place in places)
