"""The verdicts about rules, and what they follow from."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from journey.rules.event_names import split_event_name
from journey.rules.monitor import A, B
from journey.rules.proof.automaton import MACHINE_KINDS

if TYPE_CHECKING:
    from journey.rules.proof.search import Outcome
    from journey.rules.rule import Rule


class Verdict(StrEnum):
    """The verdict about a rule, from the journey alone."""

    HOLDS = "holds"
    """No history breaks the rule, whatever the times and the other events."""
    VACUOUS = "vacuous"
    """The same, but only because what activates the rule is on no history."""
    VIOLATED = "violated"
    """A history breaks the rule, whatever the times and the other events."""
    DEPENDS = "depends"
    """The same, but every such history passes guards that the journey alone does not decide."""
    NEEDS_DATA = "needs_data"
    """Times, or events that the journey does not determine, decide whether a history breaks the rule."""
    UNSATISFIABLE = "unsatisfiable"
    """No history meets the rule, complete or not."""

    @property
    def words(self) -> str:
        """The verdict in words."""
        return str(self).replace("_", " ")


FAILING = (Verdict.VIOLATED, Verdict.UNSATISFIABLE)
"""The verdicts with which a rule of severity error fails."""

_ACTIVATED_BY = {
    "responded_existence": (A,),
    "response": (A,),
    "alternate_response": (A,),
    "chain_response": (A,),
    "precedence": (B,),
    "alternate_precedence": (B,),
    "chain_precedence": (B,),
    "co_existence": (A, B),
    "succession": (A, B),
    "alternate_succession": (A, B),
    "chain_succession": (A, B),
    "not_co_existence": (A, B),
    "not_succession": (A,),
    "not_chain_succession": (A,),
}
"""The events that activate a template: without any of them, it demands and forbids nothing.

Templates that are not listed are about every history, so they are always active.
"""


def find_verdict(rule: Rule, outcome: Outcome) -> Verdict:
    """The verdict that follows from what the search of all histories has found."""
    if not outcome.can_be_met:
        return Verdict.UNSATISFIABLE
    if outcome.broken is not None:
        return Verdict.VIOLATED
    if outcome.broken_if_open is not None:
        return Verdict.DEPENDS
    if outcome.maybe_broken is not None:
        return Verdict.NEEDS_DATA
    return Verdict.VACUOUS if _is_vacuous(rule, outcome) else Verdict.HOLDS


def list_activating_events(rule: Rule) -> tuple[str, ...]:
    """The events that activate a rule, as it names them; none if it is always active."""
    names = {A: rule.a, B: rule.b}
    return tuple(name for symbol in _ACTIVATED_BY.get(rule.template, ()) for name in names[symbol])


def _is_vacuous(rule: Rule, outcome: Outcome) -> bool:
    """Whether what activates a rule is on no history. Events that the journey does not determine can always happen."""
    kinds = {split_event_name(name)[0] for name in list_activating_events(rule)}
    activating = set(_ACTIVATED_BY.get(rule.template, ()))
    return bool(activating) and kinds <= MACHINE_KINDS and not activating & outcome.symbols
