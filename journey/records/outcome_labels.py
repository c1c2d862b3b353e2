"""The meaning of the labels of outcomes, whatever their capitals and separators."""

SUCCESS_OUTCOMES = frozenset(("resolved", "improved_engagement", "success", "recovered", "retained", "renewed"))
"""Labels of an outcome that resolved the issue."""

UNRESOLVED_OUTCOMES = frozenset(
    ("no_response", "partial_improvement", "unresolved", "failed", "no_improvement", "churned")
)
"""Labels of an outcome that left the issue, or part of it, unresolved."""

NEUTRAL_OUTCOMES = frozenset(("no_action_needed",))
"""Labels of an outcome without an issue to resolve."""

KNOWN_OUTCOMES = SUCCESS_OUTCOMES | UNRESOLVED_OUTCOMES | NEUTRAL_OUTCOMES
"""Every label with a known meaning. The meaning of any other label is unknown: it counts in no rate."""


def normalise_outcome(label: str) -> str:
    """Return a label in the spelling of the sets above: ``" No response"`` gives ``no_response``."""
    return "_".join(label.casefold().replace("-", " ").replace("_", " ").split())
