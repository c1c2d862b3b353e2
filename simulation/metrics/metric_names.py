"""Names of metrics by part of the population: ``churn_rate[SMB]`` in a segment, ``churn_rate[tier=high]`` in a tier."""

from collections.abc import Iterable

from simulation.model.population_spec import TIER_MARK

RULE_MEASURES = ("broken", "pending", "applies")
"""What is measured of a rule: the shares of customers for whom it is broken, or open at the end, and their number."""


def name_rule_metric(measure: str, rule: str) -> str:
    """The name of a metric of a rule: ``broken:approved first``."""
    return f"{measure}:{rule}"


def format_segment(segment: str) -> str:
    """The end of the name of a metric in one segment: ``[SMB]``."""
    return f"[{segment}]"


def format_tier(tier: str) -> str:
    """The end of the name of a metric in one risk tier: ``[tier=high]``."""
    return f"[{TIER_MARK}{tier}]"


def parse_base_name(name: str) -> str:
    """The metric without its segment or tier: ``churn_rate`` for ``churn_rate[SMB]``."""
    return name.partition("[")[0]


def parse_part(name: str) -> str | None:
    """The part of the population in a name: ``SMB`` or ``tier=high``; None for the whole population."""
    _, bracket, rest = name.partition("[")
    return rest.removesuffix("]") if bracket else None


def parse_segment(name: str) -> str | None:
    """The segment of a name such as ``churn_rate[SMB]``; None for a tier and for the whole population."""
    part = parse_part(name)
    return None if part is None or part.startswith(TIER_MARK) else part


def parse_tier(name: str) -> str | None:
    """The tier of a name such as ``churn_rate[tier=high]``; None for a segment and for the whole population."""
    part = parse_part(name)
    return part.removeprefix(TIER_MARK) if part is not None and part.startswith(TIER_MARK) else None


def split_by_part(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """The names of metrics of the whole population, and of those by segment and tier, each in the given order."""
    given = list(names)
    return [name for name in given if parse_part(name) is None], [name for name in given if parse_part(name)]
