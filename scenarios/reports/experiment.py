"""What an experimenter sees, in words and rows of a table: the same for the terminal and for reports."""

from typing import TYPE_CHECKING

from journey.statistics.means import CONFIDENCE
from scenarios.metrics.definitions import shown
from scenarios.reports.document import Block, Grid, Heading, Paragraph

if TYPE_CHECKING:
    from collections.abc import Mapping

    from journey.statistics.lift import Lift
    from journey.statistics.means import Estimate
    from scenarios.comparison.compare import Comparison
    from scenarios.experiment.analysis import Experiment
    from scenarios.metrics.definitions import Unit
    from scenarios.metrics.effects import Effect

_CONFIDENCE = f"{100 * CONFIDENCE:.0f} %"

INTERFERENCE = (
    "All arms share one gate, so the requests of one arm wait behind those of the other: an effect found here is that "
    "of the experiment, and differs from that of giving an arm to everybody by what the arms do to each other's waits."
)

HOW_TESTED = (
    "Each replication is one experiment. Totals are per customer. Interval and p-value: Student t over replications; "
    'the null is "no difference in this metric between the customers of the two arms". The lift is relative to the '
    "baseline, with Fieller's interval, which leaves out 0 where the test refutes the null. Power: how probably one "
    "experiment of this size refutes the null at 5 % if the difference is the one found."
)


def division(experiment: "Experiment") -> str:
    """One sentence on who is in which arm."""
    arms = ", ".join(f"{arm} {customers:,.0f}" for arm, customers in experiment.customers.items())
    text = f"the customers are split between the arms ({arms} on average) and share the reviewers"
    if experiment.split.stratified:
        text += "; shares differ by segment, so effects are weighted to the segments' sizes"
    if experiment.outside:
        text += f"; {experiment.outside:,.0f} in other segments are not in the experiment"
    return text


def interval_text(found: "Estimate", unit: "Unit") -> str:
    """The interval of a difference, for people."""
    if found.low is None or found.high is None:
        return "n/a"
    return f"{shown(found.low, unit, difference=True)} to {shown(found.high, unit, difference=True)}"


def lift_text(lift: "Lift", *, interval: bool = False) -> str:
    """A lift for people: ``+3.1 %``, with ``(+1.2 to +5.0 %)`` where it has an interval and that is asked for."""
    if lift.value is None:
        return "n/a"
    if not interval or lift.low is None or lift.high is None:
        return f"{_percent(lift.value)} %"
    return f"{_percent(lift.value)} % ({_percent(lift.low)} to {_percent(lift.high)} %)"


def _percent(value: float) -> str:
    rounded = round(100 * value, 1) or 0.0
    return f"{rounded:{'+' if rounded else ''},.1f}"


def p_text(p_value: float | None) -> str:
    """A p-value for people."""
    if p_value is None:
        return "n/a"
    return "<0.0001" if p_value < 0.0001 else f"{p_value:.3g}"


def experiment_blocks(found: "Comparison", experiment: "Experiment") -> list[Block]:
    """The part of a report that only an experiment has: the split, the effects, the segments."""
    blocks: list[Block] = [
        Heading(2, "Sample ratio"),
        Paragraph(experiment.sample_ratio.sentence),
        _split_grid(experiment),
    ]
    for arm in found.effects:
        blocks += [
            Heading(2, f"Effects: {arm} against baseline"),
            Paragraph(HOW_TESTED),
            _effects_grid(found, experiment, arm),
            *_proportions(found, experiment, arm),
            Heading(3, f"{found.about(found.loaded.scenario.primary_metric).label} by segment"),
            Paragraph("Every arm and segment is one family: p-values are corrected by Holm's method."),
            _segments_grid(found, experiment, arm),
            *_truth_grid(found, experiment, arm),
        ]
    return [*blocks, Paragraph(INTERFERENCE)]


def truth_sentence(found: "Comparison", experiment: "Experiment", arm: str) -> str:
    """How far the experiment's effect on the primary metric is from the truth; empty where that was not lived."""
    primary = found.loaded.scenario.primary_metric
    about, seen = found.about(primary), experiment.seen[arm].get(primary)
    truth = None if seen is None else seen.truth
    if truth is None or truth.difference.mean is None:
        return ""
    away = truth.interference
    found_off = away.p_value is not None and away.p_value < 1.0 - CONFIDENCE
    return (
        f"Held against the truth: with everybody in {arm}, {about.label} differs from everybody in the baseline by "
        f"{shown(truth.difference.mean, about.unit, difference=True)} "
        f"({_CONFIDENCE} interval {interval_text(truth.difference, about.unit)}). The experiments are off by "
        f"{shown(away.mean, about.unit, difference=True)} on average ({interval_text(away, about.unit)}), so "
        f"interference through the shared gate is {'' if found_off else 'not '}shown."
    )


def _truth_grid(found: "Comparison", experiment: "Experiment", arm: str) -> list[Block]:
    rows = []
    for name, seen in experiment.seen[arm].items():
        if seen.truth is not None:
            about, (truth, away) = found.about(name), (seen.truth.difference, seen.truth.interference)
            rows.append(
                (
                    about.label,
                    shown(found.effects[arm][name].difference.mean, about.unit, difference=True),
                    shown(truth.mean, about.unit, difference=True),
                    interval_text(truth, about.unit),
                    shown(away.mean, about.unit, difference=True),
                    interval_text(away, about.unit),
                )
            )
    if not rows:
        return []
    columns = ("metric", "experiment", "truth", f"{_CONFIDENCE} interval", "off by", f"{_CONFIDENCE} interval")
    sentence = truth_sentence(found, experiment, arm)
    return [Heading(3, "Held against the truth"), Paragraph(sentence), Grid(columns, tuple(rows))]


def _split_grid(experiment: "Experiment") -> Grid:
    rows = []
    for name, check in (("all", experiment.sample_ratio.whole), *experiment.sample_ratio.segments.items()):
        counts = (f"{check.assigned[arm]:,} (planned {check.expected[arm]:,.0f})" for arm in experiment.split.arms)
        rows.append((name, *counts, p_text(check.tested.p_value)))
    return Grid(("segment", *experiment.split.arms, "p"), tuple(rows))


def _effects_grid(found: "Comparison", experiment: "Experiment", arm: str) -> Grid:
    rows = []
    for name, effect in found.effects[arm].items():
        about, seen = found.about(name), experiment.seen[arm][name]
        rows.append(
            (
                about.label,
                shown(effect.difference.mean, about.unit, difference=True),
                interval_text(effect.difference, about.unit),
                lift_text(seen.lift, interval=True),
                p_text(seen.p_value),
                p_text(effect.p_adjusted),
                "yes" if effect.shown else "no",
                "n/a" if seen.power is None else f"{100 * seen.power:.0f} %",
                "; ".join(filter(None, (effect.note, seen.lift.reason))),
            )
        )
    columns = (
        "metric", "difference", f"{_CONFIDENCE} interval", "lift", "p", "p adjusted", "shown", "power", "note",
    )  # fmt: skip
    return Grid(columns, tuple(rows), numbers_to=8)


def _proportions(found: "Comparison", experiment: "Experiment", arm: str) -> list[Block]:
    primary = found.loaded.scenario.primary_metric
    tests = experiment.seen[arm][primary].proportions if primary in experiment.seen[arm] else None
    if tests is None or tests.refuting is None:
        return []
    return [
        Paragraph(
            f"One experiment alone, by the {tests.of_one} test of {found.about(primary).label}: the null was refuted "
            f"at 5 % in {100 * tests.refuting:.0f} % of {tests.experiments:,} experiments. All together, by the "
            f"Cochran-Mantel-Haenszel test: p {p_text(tests.all.p_value)}, counting customers as independent."
        )
    ]


def _segments_grid(found: "Comparison", experiment: "Experiment", arm: str) -> Grid:
    rows = segment_rows(found, experiment.segments[arm])
    return Grid(("segment", "difference", f"{_CONFIDENCE} interval", "p adjusted", "shown"), tuple(rows))


def segment_rows(found: "Comparison", effects: "Mapping[str, Effect]") -> list[tuple[str, ...]]:
    """One arm's effect on the primary metric: segment, difference, interval, adjusted p-value, whether it is shown."""
    unit = found.about(found.loaded.scenario.primary_metric).unit
    return [
        (
            segment,
            shown(effect.difference.mean, unit, difference=True),
            interval_text(effect.difference, unit),
            p_text(effect.p_adjusted),
            "yes" if effect.shown else "no",
        )
        for segment, effect in effects.items()
    ]
