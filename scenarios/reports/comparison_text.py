"""Sentences and numbers of a comparison that the first screen, the full output and the report share."""

from shlex import quote
from typing import TYPE_CHECKING

from scenarios.metrics.definitions import Unit, format_metric, get_metric
from scenarios.metrics.effects import count_other_tests, count_primary_tests
from scenarios.reports.experiment import describe_assignment
from scenarios.text.phrases import pluralise

if TYPE_CHECKING:
    from journey.money.ledger import LedgerLine
    from journey.statistics.means import Estimate
    from scenarios.comparison.compare import Comparison
    from scenarios.metrics.effects import Effect

MORE = "--full prints all tables, --report FILE.md or FILE.html writes everything with the assumptions."

SIMULATION_ERROR = "Intervals are simulation error; they do not include the uncertainty of the assumptions."


def describe_interruption(comparison: "Comparison") -> str:
    """One sentence on the replications that an interruption left; empty where there was none."""
    if not comparison.interrupted:
        return ""
    return (
        f"Interrupted: {comparison.replications} of {comparison.requested} replications were complete and are used "
        "here."
    )


def describe_significance(comparison: "Comparison") -> str:
    """What "significant" rests on for the primary metric: the test, its replications, and the family of tests."""
    tests = count_primary_tests(comparison.effects, comparison.loaded.scenario.primary_metric)
    if not tests:
        return "Significant: not tested, because no difference has an interval."
    how = "paired t-test" if comparison.experiment is None else "t-test"
    replications = pluralise(comparison.replications, "replication")
    return f"Significant (95 %, Holm): {how} over {replications}, Holm's correction for {pluralise(tests, 'arm')}."


def describe_other_tests(comparison: "Comparison", arm: str) -> str:
    """What "significant" rests on for all other metrics of an arm."""
    tests = count_other_tests(comparison.effects[arm], comparison.loaded.scenario.primary_metric)
    return f"Other metrics: the same test, with Holm's correction for {pluralise(tests, 'metric')}."


def describe_cohorts(comparison: "Comparison") -> str:
    """How customers are assigned to the arms, as the end of a sentence."""
    if comparison.experiment is not None:
        return describe_assignment(comparison.experiment)
    if comparison.acquisition:
        return "each arm has the customers acquired with its own budget, with common random numbers for each prospect"
    return "the same customers are simulated in every arm with common random numbers"


def describe_money_scale(comparison: "Comparison") -> str:
    """The cohort that the amounts refer to."""
    if comparison.experiment is None:
        return "Mean per cohort"
    return f"Scaled to all {comparison.experiment.total_customers:,.0f} customers of the experiment, mean per cohort"


def describe_funnel_scale(comparison: "Comparison") -> str:
    """The cohort that the counts of the funnel refer to."""
    return "mean per cohort" if comparison.experiment is None else "mean over experiments, customers of each arm"


def describe_variance_reduction(comparison: "Comparison", arm: str) -> str:
    """One sentence on how far common random numbers reduced the variance of the primary metric's difference."""
    primary = comparison.loaded.scenario.primary_metric
    effect = comparison.effects[arm].get(primary)
    label = get_metric(primary).label
    if effect is None or effect.variance_reduction is None:
        return (
            f"Variance reduction by common random numbers for the difference in {label}: unknown "
            f"({_missing_reduction_reason(effect)})."
        )
    return (
        f"Common random numbers reduced the variance of the difference in {label} by a factor of "
        f"{effect.variance_reduction:.1f}: (Var A + Var B) / Var(B - A)."
    )


def _missing_reduction_reason(effect: "Effect | None") -> str:
    return "it was not measured" if effect is None else effect.note


def build_repeat_command(comparison: "Comparison") -> str:
    """The command that reproduces the result."""
    replications, more = comparison.replications, ""
    if comparison.precision is not None and not comparison.interrupted:
        precision_target, replications = comparison.precision.requested, comparison.precision.minimum
        more = "".join(
            f" --precision {quote(f'{name}={target:g}')}" for name, target in precision_target.targets.items()
        )
        more += f" --max-replications {precision_target.maximum}"
    if comparison.experiment is not None:
        more += f" --mode {comparison.mode}{' --truth' if comparison.experiment.split.truth else ''}"
    more += "".join(f" --set {quote(override)}" for override in comparison.loaded.overrides)
    return (
        f"journey compare {quote(comparison.loaded.name)} --seed {comparison.seed} --replications {replications}{more}"
    )


def format_estimate(found: "Estimate", unit: Unit, *, interval: bool = False) -> str:
    """A mean as text, with its interval if requested and known."""
    text = format_metric(found.mean, unit)
    if not interval or found.low is None or found.high is None:
        return text
    return f"{text} [{format_metric(found.low, unit)}, {format_metric(found.high, unit)}]"


def format_line_quantity(line: "LedgerLine") -> str:
    """The quantity of a ledger line with its unit."""
    quantity = line.quantity or 0.0
    amount = f"{quantity:,.0f}" if abs(quantity) >= 100 else f"{quantity:,.1f}"
    return f"{amount} {line.unit}"
