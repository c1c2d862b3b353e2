"""Sentences and numbers of a comparison that the first screen, the full output and the report share."""

from shlex import quote
from typing import TYPE_CHECKING

from journey.money.format import format_dollars
from journey.statistics.means import CONFIDENCE
from scenarios.files.model import BASELINE
from scenarios.metrics.definitions import Unit, format_metric
from scenarios.metrics.effects import confidence_range, group_families
from scenarios.metrics.practical_effects import describe_practical_effect
from scenarios.reports.experiment import describe_assignment
from scenarios.text.phrases import format_confidence, pluralise, round_significant
from simulation.metrics.metric_names import parse_part

if TYPE_CHECKING:
    from journey.money.ledger import LedgerLine
    from journey.statistics.means import Estimate
    from scenarios.comparison.compare import Comparison
    from scenarios.metrics.effects import Effect

MORE = "--full prints all tables, --report FILE.md or FILE.html writes everything with the assumptions."

FAMILIES = (
    "The primary metric of all arms is one family of tests; the primary metric by segment and tier, of all arms, is "
    "another; the other metrics of an arm are a third, and by segment and tier a fourth."
)

SIMULATION_ERROR = "Intervals are simulation error; they do not include the uncertainty of the assumptions."


def format_means(comparison: "Comparison", arm: str, name: str) -> tuple[str, str]:
    """The mean of a metric in the baseline and in an arm.

    Means are those of the replications that measured both. If none did, they are those of each arm alone: a baseline
    without contacts has no contact precision, but that of the arm is known.
    """
    effect, unit = comparison.effects[arm][name], comparison.get_metric(name).unit
    baseline, treated = effect.baseline.mean, effect.treated.mean
    if not effect.difference.n and comparison.experiment is None:
        baseline, treated = (comparison.arms[each][name].mean for each in (BASELINE, arm))
    return format_metric(baseline, unit), format_metric(treated, unit)


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
    primary = comparison.loaded.scenario.primary_metric
    family = group_families(comparison.effects, primary).primary
    if not family:
        return "Significant: not tested, because no difference has an interval."
    how = "paired t-test" if comparison.experiment is None else "t-test"
    replications = _describe_counts({comparison.effects[arm][primary].difference.n for arm, _ in family})
    return (
        f"Significant (95 %, Holm): {how} over {replications}, Holm's correction for {pluralise(len(family), 'arm')}."
    )


def _describe_counts(counts: set[int]) -> str:
    few, many = min(counts), max(counts)
    return pluralise(many, "replication") if few == many else f"{few:,} to {many:,} replications"


def describe_other_tests(comparison: "Comparison", arm: str) -> str:
    """The families of tests of an arm, with the confidence levels of their intervals."""
    primary = comparison.loaded.scenario.primary_metric
    families, effects = group_families(comparison.effects, primary), comparison.effects[arm]
    others = [effects[name] for _, name in families.others[arm]]
    segments = [effects[name] for segment_arm, name in families.segments if segment_arm == arm]
    other_parts = [effects[name] for _, name in families.other_parts[arm]]
    texts = [
        f"primary metric {_describe_levels([effects[primary]])}" if (arm, primary) in families.primary else "",
        _describe_family("other metrics", others, pluralise(len(others), "metric")),
        _describe_family("primary metric by segment", segments, pluralise(len(families.segments), "test")),
        _describe_family("other metrics by segment and tier", other_parts, pluralise(len(other_parts), "test")),
    ]
    listed = "; ".join(filter(None, texts))
    return f"Each interval has the confidence level of its test: {listed}." if listed else ""


def _describe_family(name: str, effects: "list[Effect]", tests: str) -> str:
    return f"{name} {_describe_levels(effects)} (Holm's correction for {tests})" if effects else ""


def _describe_levels(effects: "list[Effect]") -> str:
    low, high = map(format_confidence, confidence_range(effects) or (CONFIDENCE, CONFIDENCE))
    return low if low == high else f"{low} to {high}"


def describe_replications(comparison: "Comparison") -> str:
    """The replications of a comparison, and how many of them have customers in every arm if not all do."""
    text, used = pluralise(comparison.replications, "replication"), comparison.used_replications
    return text if used == comparison.replications else f"{text} ({used:,} with customers in every arm)"


def label_metric(comparison: "Comparison", name: str, effect: "Effect") -> str:
    """The label of a metric, with the number of replications that measured both arms if not all of them did."""
    return f"{comparison.get_metric(name).label}{label_replications(comparison, effect.difference.n)}"


def label_replications(comparison: "Comparison", measured: int) -> str:
    """`` (n = 9)`` if a figure is from 9 replications of more; empty if it is from all or none."""
    return "" if measured in (0, comparison.used_replications) else f" (n = {measured})"


def describe_missing_replications(comparison: "Comparison", arm: str) -> str:
    """What ``n`` means in the tables of an arm; empty where every metric was measured in all replications or none."""
    counts = {effect.difference.n for effect in comparison.effects[arm].values()}
    if counts <= {0, comparison.used_replications}:
        return ""
    return (
        f"n: replications that measured both arms, where not all {comparison.used_replications:,} did; the means and "
        "the difference are over these."
    )


def describe_practical_effects(comparison: "Comparison", arm: str) -> str:
    """How the effects of an arm compare with the smallest ones that matter; empty where no metric states one."""
    sentences = (
        (comparison.get_metric(name).label, describe_practical_effect(effect, comparison.get_metric(name)))
        for name, effect in comparison.effects[arm].items()
        if parse_part(name) is None
    )
    return " ".join(f"{label}: {sentence[:1].lower()}{sentence[1:]}" for label, sentence in sentences if sentence)


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
    effect, label = comparison.effects[arm].get(primary), comparison.get_metric(primary).label
    reason = "it was not measured" if effect is None else effect.note
    if effect is not None and effect.variance_reduction.ratio is not None:
        if effect.variance_reduction.low is not None:
            return (
                f"Common random numbers reduced the variance of the difference in {label} by a factor of "
                f"{format_variance_reduction(effect)}, with its 95 % interval: (Var A + Var B) / Var(B - A)."
            )
        reason = "fewer than three replications give no interval"
    return f"Variance reduction by common random numbers for the difference in {label}: unknown ({reason})."


def format_variance_reduction(effect: "Effect") -> str:
    """The variance reduction with its 95 % interval: ``5.2 (2.1 to 13)``; ``n/a`` where there is no interval."""
    reduction = effect.variance_reduction
    if reduction.ratio is None or reduction.low is None or reduction.high is None:
        return "n/a"
    return f"{_two_digits(reduction.ratio)} ({_two_digits(reduction.low)} to {_two_digits(reduction.high)})"


def _two_digits(factor: float) -> str:
    return f"{factor:,.1f}" if factor < 10.0 else f"{round_significant(factor):,}"


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
    loaded = comparison.loaded
    more += "".join(f" --set {quote(override)}" for override in loaded.overrides)
    size = f" --customers {loaded.scenario.population.size}" if loaded.has_option("customers") else ""
    size += f" --days {_format_exact(loaded.scenario.horizon_days)}" if loaded.has_option("days") else ""
    return f"journey compare {quote(loaded.name)} --seed {comparison.seed}{size} --replications {replications}{more}"


def _format_exact(value: float) -> str:
    """A number with all its digits, without a decimal point if it is whole."""
    return str(int(value)) if value.is_integer() else repr(value)


def format_estimate(found: "Estimate", unit: Unit, *, interval: bool = False) -> str:
    """A mean as text, with its interval if requested and known."""
    text = format_metric(found.mean, unit)
    if not interval or found.low is None or found.high is None:
        return text
    return f"{text} [{format_metric(found.low, unit)}, {format_metric(found.high, unit)}]"


def format_line_quantity(line: "LedgerLine") -> str:
    """The quantity of a ledger line with its unit; dollars as dollars: ``12.5 hours``, ``$3,267 revenue``."""
    if line.quantity is None:
        return "unknown"
    if "$" in line.unit:
        return f"{format_dollars(line.quantity)} {' '.join(line.unit.replace('$', '').split())}"
    return f"{_format_quantity(line.quantity)} {line.unit}"


def _format_quantity(quantity: float) -> str:
    """A quantity with one decimal, and with more if it would be 0 otherwise."""
    size = abs(quantity)
    if size >= 100:
        return f"{quantity:,.0f}"
    return f"{quantity:.1f}" if size >= 0.05 or quantity == 0.0 else f"{quantity:.2g}"
