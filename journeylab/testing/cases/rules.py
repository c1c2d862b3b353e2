"""Cases about declared rules: each is proved on the journey, or refuted with the shortest history that breaks it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from journey.core.findings import FindingSeverity
from journey.rules.proof import Verdict, prove_rules
from journeylab.testing.cases.case import Case, CaseError, CaseSkipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from journey.machine import Journey
    from journey.rules import Rule
    from journey.rules.proof import Contradiction, RuleProof


def list_rule_cases(journey: Journey, rules: Sequence[Rule]) -> Iterator[Case]:
    """One case for each rule, and one for each contradiction between rules.

    Args:
        journey: The journey that is tested.
        rules: The rules, each name once.
    """
    proof = prove_rules(journey, rules) if rules else None
    if proof is None:
        return
    for each in proof.rules:
        yield Case(f"rule[{each.rule.name}]", partial(_check_rule, each))
    for contradiction in proof.contradictions:
        names = ", ".join(rule.name for rule in contradiction.rules)
        yield Case(f"rules[{names}]", partial(_check_contradiction, contradiction))


def _check_rule(proof: RuleProof) -> None:
    """Fails if a rule of severity error is broken; is skipped where the journey alone does not decide."""
    found = f"{proof.rule.describe()}: {proof.verdict.words}\n{proof.message}"
    if proof.rule.message:
        found += f"\n{proof.rule.message}"
    if proof.fails:
        raise CaseError(found)
    if proof.verdict is not Verdict.HOLDS:
        severity = "" if proof.rule.severity is FindingSeverity.ERROR else f" (severity {proof.rule.severity})"
        # `pytest -rs` prints the reason without the name of the case.
        raise CaseSkipped(f"rule {proof.rule.name!r}: {found}{severity}")


def _check_contradiction(contradiction: Contradiction) -> None:
    if contradiction.fails:
        raise CaseError(contradiction.message)
    raise CaseSkipped(contradiction.message)
