"""A randomised comparison as tables on the terminal, readable from 60 columns."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scenarios.cli.console import table
from scenarios.metrics.definitions import format_metric
from scenarios.reports.comparison_text import (
    describe_missing_replications,
    describe_other_tests,
    describe_practical_effects,
    describe_significance,
    label_metric,
)
from scenarios.reports.experiment import (
    INTERFERENCE,
    SEGMENT_COLUMNS,
    describe_ground_truth,
    format_lift,
    format_p_value,
    format_significance,
    format_tested_interval,
    segment_rows,
)
from simulation.metrics.metric_names import parse_base_name, split_by_part

if TYPE_CHECKING:
    from rich.console import Console

    from scenarios.cli.fitted_table import FittedTable
    from scenarios.comparison.compare import Comparison
    from scenarios.experiment.analysis import Experiment

_WIDE = 110


def print_experiment(out: "Console", comparison: "Comparison", experiment: "Experiment", arm: str) -> None:
    """Print the effects of one arm, its segments, and the sample ratio."""
    whole, parts = split_by_part(comparison.effects[arm])
    heading, wide = f"{arm} compared with baseline, totals per customer", out.width >= _WIDE
    result = _effects_table(comparison, experiment, arm, whole, wide=wide, heading=heading)
    result.note = _describe_table(comparison, arm)
    out.print(result)
    if parts:
        heading = f"{heading}, by segment and tier"
        out.print(_effects_table(comparison, experiment, arm, parts, wide=wide, heading=heading))
    out.print(_segments_table(comparison, experiment, arm))
    sentences = (experiment.sample_ratio.sentence, INTERFERENCE, describe_ground_truth(comparison, experiment, arm))
    out.print("\n".join(filter(None, sentences)) + "\n")


def _effects_table(
    comparison: "Comparison", experiment: "Experiment", arm: str, names: Sequence[str], *, wide: bool, heading: str
) -> "FittedTable":
    more = ["interval", "lift", "p adjusted", "significant\n(95 %, Holm)"] if wide else []
    columns = ["metric", "baseline", arm, "difference", *more]
    result = table(heading, *columns, right=columns[1:7])
    primary = comparison.loaded.scenario.primary_metric
    for name in names:
        effect = comparison.effects[arm][name]
        info, estimates = comparison.get_metric(name), experiment.estimates[arm][name]
        label = label_metric(comparison, name, effect) + (" *" if name == primary else "")
        means = [format_metric(found.mean, info.unit) for found in (effect.baseline, effect.treated)]
        change = format_metric(effect.difference.mean, info.unit, difference=True)
        interval, lift, p_value = (
            format_tested_interval(effect, info.unit),
            format_lift(estimates.lift),
            format_p_value(effect.p_adjusted),
        )
        if wide:
            result.add_row(label, *means, change, interval, lift, p_value, format_significance(effect))
        else:
            result.add_row(label, *means, f"{change}\n{interval}\nlift {lift}, p adjusted {p_value}")
    return result


def _describe_table(comparison: "Comparison", arm: str) -> str:
    notes = (
        '* primary metric; p is for the null hypothesis "no difference in this metric".',
        describe_significance(comparison),
        describe_other_tests(comparison, arm),
        describe_missing_replications(comparison, arm),
        describe_practical_effects(comparison, arm),
    )
    return " ".join(filter(None, notes))


def _segments_table(comparison: "Comparison", experiment: "Experiment", arm: str) -> "FittedTable":
    label = comparison.get_metric(parse_base_name(comparison.loaded.scenario.primary_metric)).label
    columns = SEGMENT_COLUMNS
    result = table(f"{label} by segment", *columns[:-1], "significant\n(95 %, Holm)", right=columns[1:4])
    for segment, *cells in segment_rows(comparison, experiment.segments[arm]):
        result.add_row(segment, *cells)
    return result
