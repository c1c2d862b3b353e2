"""Rules proved on a journey: the verdict about each rule, its reason, and the contradictions between rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from journey.core.findings import FindingSeverity
from journey.rules.proof.automaton import MACHINE_KINDS, Automaton
from journey.rules.proof.configurations import Customers, Graph
from journey.rules.proof.contradictions import Candidate, Contradiction, find_contradictions
from journey.rules.proof.search import search
from journey.rules.proof.verdicts import FAILING, Verdict, find_verdict, list_activating_events

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from journey.machine import Journey
    from journey.rules.event_names import Vocabulary
    from journey.rules.proof.history import History
    from journey.rules.proof.search import Outcome
    from journey.rules.rule import Rule


class OpenGuard(NamedTuple):
    """A guard that the journey alone does not decide.

    Attributes:
        stage: The stage that the move leaves.
        move: The move.
        to_stage: The stage to which it leads.
        guard: The condition, in words.
    """

    stage: str
    move: str
    to_stage: str
    guard: str


@dataclass(frozen=True, slots=True)
class RuleProof:
    """The verdict about one rule.

    Attributes:
        rule: The rule.
        verdict: The verdict.
        counterexample: a shortest history that breaks the rule, whatever the times and other events; for ``violated``
            one without open guards. None for the other verdicts, except ``unsatisfiable``.
        guards: The guards of the counterexample that the journey alone does not decide.
        message: The reason, in a few sentences.
    """

    rule: Rule
    verdict: Verdict
    counterexample: History | None
    guards: tuple[OpenGuard, ...]
    message: str

    @property
    def fails(self) -> bool:
        """Whether the rule has severity error and is violated or unsatisfiable."""
        return self.rule.severity is FindingSeverity.ERROR and self.verdict in FAILING

    def to_dict(self) -> dict[str, Any]:
        """The verdict as the command line's JSON."""
        history = self.counterexample
        return {
            "name": self.rule.name,
            "template": self.rule.template,
            "severity": str(self.rule.severity),
            "demand": self.rule.describe(),
            "verdict": str(self.verdict),
            "start": None if history is None else history.start,
            "counterexample": None if history is None else history.to_rows(),
            "guards": [guard._asdict() for guard in self.guards],
            "message": self.message,
            "rule_message": self.rule.message,
        }


@dataclass(frozen=True, slots=True)
class Proof:
    """The verdicts about the rules of a journey.

    Attributes:
        rules: The verdicts, in the order of the rules.
        contradictions: Rules that no complete history meets together, although each can be met.
        undecided_pairs: Number of pairs of rules that may contradict each other, with too many histories to search.
    """

    rules: tuple[RuleProof, ...]
    contradictions: tuple[Contradiction, ...]
    undecided_pairs: int = 0

    @property
    def ok(self) -> bool:
        """Whether no rule of severity error is violated or unsatisfiable, and no rules of severity error contradict."""
        return not (any(each.fails for each in self.rules) or any(each.fails for each in self.contradictions))


def prove_rules(journey: Journey, rules: Sequence[Rule], vocabulary: Vocabulary | None = None) -> Proof:
    """Search the histories of a journey in full for those that break rules.

    Args:
        journey: The journey.
        rules: The rules.
        vocabulary: The events that can happen. Default: stages and moves of the journey, and any other events.

    Returns:
        The verdict about each rule, and the contradictions between rules.
    """
    prover = _Prover(journey, vocabulary)
    proofs, candidates = [], []
    for rule in rules:
        automaton, outcome = prover.search(rule)
        proofs.append(prover.judge(rule, outcome))
        if outcome.met is not None and outcome.maybe_broken is not None:
            candidates.append(Candidate(rule, automaton, outcome.met))
    return Proof(tuple(proofs), *find_contradictions(prover.graph_for, candidates))


class _Prover:
    """Judges rules; the graph of the same customers is built once."""

    def __init__(self, journey: Journey, vocabulary: Vocabulary | None) -> None:
        self._journey = journey
        self._vocabulary = vocabulary
        self._graphs: dict[Customers, Graph] = {}

    def graph_for(self, customers: Customers) -> Graph:
        """The graph of the histories of some customers."""
        if customers not in self._graphs:
            self._graphs[customers] = Graph(self._journey, customers)
        return self._graphs[customers]

    def search(self, rule: Rule) -> tuple[Automaton, Outcome]:
        """The automaton of a rule, and what the search has found."""
        automaton = Automaton(rule, self._vocabulary)
        return automaton, search(self.graph_for(Customers.of(rule.where)), automaton)

    def judge(self, rule: Rule, outcome: Outcome) -> RuleProof:
        """The verdict and its reason."""
        verdict = find_verdict(rule, outcome)
        history = outcome.broken or outcome.broken_if_open
        guards = tuple(
            OpenGuard(move.source, move.name, move.destination, str(move.guard))
            for move in (history.open_moves if history else ())
        )
        message = " ".join(self._explain(rule, verdict, outcome, guards))
        return RuleProof(rule, verdict, history, guards, message)

    def _explain(self, rule: Rule, verdict: Verdict, outcome: Outcome, guards: tuple[OpenGuard, ...]) -> Iterator[str]:
        history = outcome.broken or outcome.broken_if_open
        shortest = f"The shortest history that breaks it: {history}." if history else ""
        if verdict is Verdict.HOLDS:
            yield "No history breaks it."
        elif verdict is Verdict.VACUOUS:
            missing = " or ".join(map(repr, list_activating_events(rule)))
            yield f"It holds only because no history has {missing}. Correct the rule or the journey."
        elif verdict is Verdict.VIOLATED:
            yield shortest
            if outcome.met is None:
                yield "Every complete history breaks it."
        elif verdict is Verdict.DEPENDS:
            conditions = "; ".join(f"{each.move!r} from {each.stage!r} requires {each.guard}" for each in guards)
            yield f"{shortest} All such histories pass guards. On this one, {conditions}."
        elif verdict is Verdict.UNSATISFIABLE:
            yield f"No history meets it. Correct the rule or the journey. {shortest}".rstrip()
        else:
            yield from self._explain_needed_data(rule, outcome)

    def _explain_needed_data(self, rule: Rule, outcome: Outcome) -> Iterator[str]:
        needed = [f"{kind}s" for kind in sorted(rule.kinds - MACHINE_KINDS)]
        needed += ["days"] if rule.within_days is not None else []
        yield f"The journey alone does not decide it, because it depends on {' and '.join(needed)}."
        if rule.within_days is not None:
            verdict = find_verdict(rule, self.search(replace(rule, within_days=None))[1])
            if verdict is not Verdict.NEEDS_DATA:
                yield f"Without the limit of {rule.within_days:g} days, the verdict is: {verdict.words}."
        yield f"A history that may break it: {outcome.maybe_broken}."
        yield "Records decide it (`journey check`), or a simulation (`journey compare`)."
