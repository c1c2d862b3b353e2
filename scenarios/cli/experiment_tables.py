"""What an experimenter sees, as tables for people, readable from 60 columns on."""

from typing import TYPE_CHECKING

from rich.markup import escape

from scenarios.cli.console import table
from scenarios.metrics.definitions import shown
from scenarios.reports.experiment import INTERFERENCE, interval_text, lift_text, p_text, segment_rows, truth_sentence

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from scenarios.comparison.compare import Comparison
    from scenarios.experiment.analysis import Experiment

_WIDE = 110


def print_experiment(out: "Console", found: "Comparison", experiment: "Experiment", arm: str) -> None:
    """Print one arm's effects, its segments, and what the split came to."""
    out.print(_effects(found, experiment, arm, wide=out.width >= _WIDE))
    out.print(_segments(found, experiment, arm))
    said = (experiment.sample_ratio.sentence, INTERFERENCE, truth_sentence(found, experiment, arm))
    out.print("\n".join(filter(None, said)) + "\n", markup=False)


def _effects(found: "Comparison", experiment: "Experiment", arm: str, *, wide: bool) -> "Table":
    more = ["95 % interval", "lift", "p", "shown"] if wide else []
    columns = ["metric", "baseline", arm, "difference", *more]
    made = table(escape(f"{arm} against baseline, totals per customer"), *columns, right=columns[1:7])
    primary = found.loaded.scenario.primary_metric
    for name, effect in found.effects[arm].items():
        about, seen = found.about(name), experiment.seen[arm][name]
        label = escape(about.label) + (" *" if name == primary else "")
        means = [shown(found.arms[which][name].mean, about.unit) for which in ("baseline", arm)]
        change = shown(effect.difference.mean, about.unit, difference=True)
        interval, lift, p_value = (
            interval_text(effect.difference, about.unit),
            lift_text(seen.lift),
            p_text(seen.p_value),
        )
        if wide:
            made.add_row(label, *means, change, interval, lift, p_value, "yes" if effect.shown else "no")
        else:
            made.add_row(label, *means, f"{change}\n{interval}\nlift {lift}, p {p_value}")
    made.caption = '* the verdict rests on this metric; p is of the null "no difference in this metric"'
    made.caption_justify = "left"
    return made


def _segments(found: "Comparison", experiment: "Experiment", arm: str) -> "Table":
    label = found.about(found.loaded.scenario.primary_metric).label
    columns = ("segment", "difference", "95 % interval", "p adjusted", "shown")
    made = table(escape(f"{label} by segment"), *columns, right=columns[1:4])
    for segment, *cells in segment_rows(found, experiment.segments[arm]):
        made.add_row(escape(segment), *cells)
    return made
