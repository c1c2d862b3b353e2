"""How many recorded customers each declared rule concerns, as a table on the terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scenarios.cli.console import table

if TYPE_CHECKING:
    from rich.console import Console

    from journey.evaluation.broken_rules import RuleTotals

_COUNTS = ("customers", "broken", "pending", "unknown")
_MEANINGS = {
    "pending": "pending: a demand is still open",
    "unknown": "unknown: the records do not show whether the rule is broken",
}
"""What a count means that is not 0."""


def print_rules(out: "Console", rules: Sequence["RuleTotals"]) -> None:
    """Print the rules with the numbers of customers; nothing without rules.

    Args:
        out: The console.
        rules: The numbers by rule.
    """
    if not rules:
        return
    result = table("Rules", "rule", "severity", *_COUNTS, right=_COUNTS)
    for rule in rules:
        result.add_row(rule.name, rule.severity, *(f"{getattr(rule, name):,}" for name in _COUNTS))
    result.note = "; ".join(text for name, text in _MEANINGS.items() if any(getattr(rule, name) for rule in rules))
    out.print(result)
