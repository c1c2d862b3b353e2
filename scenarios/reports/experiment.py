"""Results of a randomised comparison as sentences and table rows, for the terminal and for reports."""

from functools import partial
from typing import TYPE_CHECKING

from journey.statistics.means import CONFIDENCE
from scenarios.metrics.definitions import format_metric
from scenarios.metrics.effects import format_tested_bounds
from scenarios.metrics.practical_effects import describe_practical_effect
from scenarios.reports.document import Block, Grid, Heading, Paragraph
from scenarios.reports.metric_grids import build_metric_grids
from scenarios.text.phrases import format_confidence, format_interval
from simulation.metrics.metric_names import parse_base_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from journey.statistics.lift import Lift, Power
    from journey.statistics.means import Estimate
    from scenarios.comparison.compare import Comparison
    from scenarios.experiment.analysis import Experiment
    from scenarios.metrics.definitions import Unit
    from scenarios.metrics.effects import Effect

_CONFIDENCE = format_confidence(CONFIDENCE)

INTERFERENCE = (
    "All arms share the reviewers, so requests of one arm wait behind those of the others. The effect measured here "
    "therefore differs from a full rollout of one arm (interference)."
)

HOW_TESTED = (
    "Each replication is one experiment. Totals are per customer. Interval and p-value: Student's t over replications; "
    'the null hypothesis is "no difference in this metric between the customers of the two arms". Significance, '
    "adjusted p-value and intervals agree: each interval has the confidence level at which Holm's procedure tests its "
    "metric. The lift is relative to the baseline, with Fieller's interval. Power is the probability that one "
    "experiment of this size rejects the null hypothesis at 5 %, if the true difference is the estimated one, with its "
    "95 % interval."
)

SEGMENT_COLUMNS = ("segment", "difference", "interval", "p adjusted", "significant (95 %, Holm)")


def describe_assignment(experiment: "Experiment") -> str:
    """One sentence on the assignment of customers to arms."""
    arms = ", ".join(f"{arm} {customers:,.0f}" for arm, customers in experiment.customers.items())
    text = f"customers are assigned to one arm each ({arms} on average) and share the reviewers"
    if experiment.split.is_stratified:
        text += "; shares differ by segment, so effects are weighted by segment size"
    if experiment.customers_outside:
        text += f"; {experiment.customers_outside:,.0f} in other segments are not in the experiment"
    return text


def format_difference_interval(difference: "Estimate", unit: "Unit") -> str:
    """The interval of a difference as text."""
    return format_interval(
        difference.low, difference.high, partial(format_metric, unit=unit, difference=True), missing="n/a"
    )


def format_tested_interval(effect: "Effect", unit: "Unit", missing: str = "n/a", *, with_level: bool = False) -> str:
    """The interval on which the significance of an effect rests; `missing` where there is none.

    Args:
        effect: The effect.
        unit: The unit of its metric.
        missing: The text where there is no interval.
        with_level: Whether to add a confidence level other than 95 %.
    """
    tested = effect.tested
    text = format_tested_bounds(effect, unit, missing)
    level = format_confidence(tested.confidence)
    return f"{text} ({level})" if with_level and tested.low is not None and level != _CONFIDENCE else text


def format_lift(lift: "Lift", *, interval: bool = False) -> str:
    """A lift as text: ``+3.1 %``, with ``(+1.2 to +5.0 %)`` if an interval is requested and known."""
    if lift.value is None:
        return "n/a"
    if not interval or lift.low is None or lift.high is None:
        return f"{_format_percent(lift.value)} %"
    return f"{_format_percent(lift.value)} % ({_format_percent(lift.low)} to {_format_percent(lift.high)} %)"


def _format_percent(value: float) -> str:
    rounded = round(100 * value, 1) or 0.0
    return f"{rounded:{'+' if rounded else ''},.1f}"


def format_p_value(p_value: float | None) -> str:
    """A p-value as text."""
    if p_value is None:
        return "n/a"
    return "<0.0001" if p_value < 0.0001 else f"{p_value:.3g}"


def experiment_blocks(comparison: "Comparison", experiment: "Experiment") -> list[Block]:
    """The sections of a report on an experiment: assignment, effects and segments."""
    blocks: list[Block] = [
        Heading(2, "Sample ratio"),
        Paragraph(experiment.sample_ratio.sentence),
        _split_grid(experiment),
    ]
    primary = comparison.loaded.scenario.primary_metric
    for arm in comparison.effects:
        blocks += [
            Heading(2, f"Effects: {arm} compared with baseline"),
            Paragraph(HOW_TESTED),
            *build_metric_grids(comparison.effects[arm], partial(_effects_grid, comparison, experiment, arm)),
            *_proportions(comparison, experiment, arm),
            Heading(3, f"{comparison.get_metric(parse_base_name(primary)).label} by segment"),
            Paragraph(
                "All arms and segments are one family, with Holm's correction. The same effects are in the table of "
                "metrics, with the same test."
            ),
            _segments_grid(comparison, experiment, arm),
            *_truth_grid(comparison, experiment, arm),
        ]
    return [*blocks, Paragraph(INTERFERENCE)]


def describe_ground_truth(comparison: "Comparison", experiment: "Experiment", arm: str) -> str:
    """The bias of the experiment in the primary metric; empty where the true effect was not simulated."""
    primary = comparison.loaded.scenario.primary_metric
    info, estimates = comparison.get_metric(primary), experiment.estimates[arm].get(primary)
    truth = None if estimates is None else estimates.truth
    if truth is None or truth.difference.mean is None:
        return ""
    interference = truth.interference
    is_significant = interference.p_value is not None and interference.p_value < 1.0 - CONFIDENCE
    return (
        f"Compared with the true effect: with all customers in {arm}, {info.label} differs from all in the baseline by "
        f"{format_metric(truth.difference.mean, info.unit, difference=True)} "
        f"({_CONFIDENCE} interval {format_difference_interval(truth.difference, info.unit)}). The bias of the "
        "experiments is "
        f"{format_metric(interference.mean, info.unit, difference=True)} on average "
        f"({format_difference_interval(interference, info.unit)}): interference through the shared reviewers is "
        f"{'' if is_significant else 'not '}significant."
    )


def _truth_grid(comparison: "Comparison", experiment: "Experiment", arm: str) -> list[Block]:
    rows = []
    for name, estimates in experiment.estimates[arm].items():
        if estimates.truth is not None:
            info, (truth, interference) = (
                comparison.get_metric(name),
                (estimates.truth.difference, estimates.truth.interference),
            )
            rows.append(
                (
                    info.label,
                    format_metric(comparison.effects[arm][name].difference.mean, info.unit, difference=True),
                    format_metric(truth.mean, info.unit, difference=True),
                    format_difference_interval(truth, info.unit),
                    format_metric(interference.mean, info.unit, difference=True),
                    format_difference_interval(interference, info.unit),
                )
            )
    if not rows:
        return []
    columns = ("metric", "experiment", "truth", f"{_CONFIDENCE} interval", "bias", f"{_CONFIDENCE} interval")
    sentence = describe_ground_truth(comparison, experiment, arm)
    return [Heading(3, "Comparison with the true effect"), Paragraph(sentence), Grid(columns, tuple(rows))]


def _split_grid(experiment: "Experiment") -> Grid:
    rows = []
    for name, check in (("all", experiment.sample_ratio.overall), *experiment.sample_ratio.segments.items()):
        counts = (f"{check.assigned[arm]:,} (planned {check.expected[arm]:,.0f})" for arm in experiment.split.arms)
        rows.append((name, *counts, format_p_value(check.test_result.p_value)))
    return Grid(("segment", *experiment.split.arms, "p"), tuple(rows))


def _effects_grid(comparison: "Comparison", experiment: "Experiment", arm: str, names: "Sequence[str]") -> Grid:
    rows = []
    for name in names:
        effect = comparison.effects[arm][name]
        info, estimates = comparison.get_metric(name), experiment.estimates[arm][name]
        rows.append(
            (
                info.label,
                format_metric(effect.baseline.mean, info.unit),
                format_metric(effect.treated.mean, info.unit),
                format_metric(effect.difference.mean, info.unit, difference=True),
                format_tested_interval(effect, info.unit),
                format_confidence(effect.tested.confidence),
                format_lift(estimates.tested_lift, interval=True),
                format_p_value(effect.p_adjusted),
                format_significance(effect),
                str(effect.difference.n),
                _format_power(estimates.power),
                "; ".join(filter(None, (effect.note, estimates.lift.reason, describe_practical_effect(effect, info)))),
            )
        )
    columns = (
        "metric",
        "baseline",
        arm,
        "difference",
        "interval",
        "confidence",
        "lift",
        "p adjusted",
        "significant (95 %, Holm)",
        "replications",
        "power",
        "note",
    )
    return Grid(columns, tuple(rows), numbers_to=11)


def _format_power(power: "Power | None") -> str:
    if power is None:
        return "n/a"
    return f"{100 * power.value:.0f} % ({100 * power.low:.0f} to {100 * power.high:.0f} %)"


def format_significance(effect: "Effect") -> str:
    """Whether an effect is significant: ``yes``, ``no``, or ``not tested`` where it has no interval."""
    return "not tested" if effect.p_adjusted is None else "yes" if effect.is_significant else "no"


def _proportions(comparison: "Comparison", experiment: "Experiment", arm: str) -> list[Block]:
    primary = comparison.loaded.scenario.primary_metric
    tests = experiment.estimates[arm][primary].proportions if primary in experiment.estimates[arm] else None
    if tests is None or tests.refuted_share is None:
        return []
    return [
        Paragraph(
            f"Single experiments, by the {tests.single_test} test of {comparison.get_metric(primary).label}: the "
            "null hypothesis was rejected "
            f"at 5 % in {tests.refuted} of {tests.experiments:,} experiments. All experiments "
            "pooled, by the "
            f"Cochran-Mantel-Haenszel test: p {format_p_value(tests.all.p_value)}, treating customers as independent."
        )
    ]


def _segments_grid(comparison: "Comparison", experiment: "Experiment", arm: str) -> Grid:
    rows = segment_rows(comparison, experiment.segments[arm])
    return Grid(SEGMENT_COLUMNS, tuple(rows))


def segment_rows(comparison: "Comparison", effects: "Mapping[str, Effect]") -> list[tuple[str, ...]]:
    """Effect of an arm on the primary metric: segment, difference, interval, adjusted p-value, significance."""
    unit = comparison.get_metric(comparison.loaded.scenario.primary_metric).unit
    return [
        (
            segment,
            format_metric(effect.difference.mean, unit, difference=True),
            format_tested_interval(effect, unit, with_level=True),
            format_p_value(effect.p_adjusted),
            format_significance(effect),
        )
        for segment, effect in effects.items()
    ]
