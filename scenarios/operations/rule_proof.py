"""The declared rules of a journey file or a scenario, proved on its journey."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from journey.rules.proof import Verdict, prove_rules
from journey.tables.column_table import ColumnTable
from journey.tables.export import FrameExport
from scenarios.files.journey_file import read_journey_file
from scenarios.files.loader import LoadedScenario
from scenarios.files.rule_checks import build_vocabulary
from scenarios.operations.options import Overrides, open_scenario

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

    from journey.rules.proof import Contradiction, RuleProof

RULE_COLUMNS = {
    "name": "VARCHAR",
    "template": "VARCHAR",
    "severity": "VARCHAR",
    "demand": "VARCHAR",
    "verdict": "VARCHAR",
    "counterexample": "VARCHAR",
    "message": "VARCHAR",
}
"""The columns of the table of rules, with their SQL types."""


@dataclass(frozen=True, repr=False)
class RuleProofs(FrameExport):
    """The verdicts about the declared rules of a file, from its journey alone.

    As a data frame it has one row per rule, with the columns ``name``, ``template``, ``severity``, ``demand``,
    ``verdict``, ``counterexample`` (as text) and ``message``.

    Attributes:
        file: The journey file or the scenario, as given.
        journey: Name of the journey.
        rules: The verdict about each rule.
        contradictions: Rules that no complete history meets together, although each can be met.
        ok: Whether no rule of severity error is violated or unsatisfiable, and no rules of severity error contradict
            each other.
        undecided_pairs: Number of pairs of rules that may contradict each other, with too many histories to search.
    """

    file: str
    journey: str
    rules: "tuple[RuleProof, ...]"
    contradictions: "tuple[Contradiction, ...]"
    ok: bool
    undecided_pairs: int = 0

    def count_verdicts(self) -> dict[str, int]:
        """The number of rules by verdict, those that occur."""
        found = [each.verdict for each in self.rules]
        return {verdict.words: found.count(verdict) for verdict in Verdict if verdict in found}

    def __repr__(self) -> str:
        """The verdict about each rule, with the shortest history that breaks it."""
        return "\n".join([f"{self.file}: {describe_proofs(self)}", *map(_describe, self.rules)])

    def to_relation(self) -> "duckdb.DuckDBPyRelation":
        """Return the verdicts as a DuckDB relation, one row per rule."""
        return ColumnTable(RULE_COLUMNS, self._list_rows()).to_relation()

    def _list_rows(self) -> "Iterator[tuple[str | None, ...]]":
        for each in self.rules:
            history = None if each.counterexample is None else str(each.counterexample)
            rule = each.rule
            yield (
                rule.name,
                rule.template,
                str(rule.severity),
                rule.describe(),
                str(each.verdict),
                history,
                each.message,
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as a JSON-ready mapping, the document of `journey prove --json`."""
        return {
            "file": self.file,
            "journey": self.journey,
            "rules": [each.to_dict() for each in self.rules],
            "contradictions": [each.to_dict() for each in self.contradictions],
            "ok": self.ok,
        }


def prove_file(source: "str | Path | LoadedScenario", overrides: Overrides = None) -> RuleProofs:
    """Prove the declared rules of a file on its journey.

    Args:
        source: A journey file; or a scenario, by name or path, or a loaded one.
        overrides: Overrides of the scenario's keys.

    Raises:
        InputError: The file or an override is invalid.
    """
    if not overrides and not isinstance(source, LoadedScenario) and (file := read_journey_file(source)) is not None:
        name, machine, rules = str(source), file.journey, file.rules
        vocabulary = build_vocabulary(machine)
    else:
        loaded = open_scenario(source, overrides)
        name, machine, rules = loaded.name, loaded.arms[0].journey, loaded.rules
        vocabulary = build_vocabulary(machine, [arm.policy for arm in loaded.arms])
    proof = prove_rules(machine, rules, vocabulary)
    return RuleProofs(name, machine.name, proof.rules, proof.contradictions, proof.ok, proof.undecided_pairs)


def describe_proofs(proofs: RuleProofs) -> str:
    """How many rules have which verdict, in one line."""
    n = len(proofs.rules)
    counts = [f"{verdict} {number}" for verdict, number in proofs.count_verdicts().items()]
    if proofs.contradictions:
        counts.append(f"contradictions {len(proofs.contradictions)}")
    return f"{n} rule{'s' * (n != 1)}" + (f": {', '.join(counts)}" if counts else "")


def _describe(proof: "RuleProof") -> str:
    history = "" if proof.counterexample is None else f" ({proof.counterexample})"
    return f"{proof.rule.name}: {proof.verdict.words}{history}"
