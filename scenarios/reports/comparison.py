"""The report of a comparison: question, verdict, effects, money, uncertainty and assumptions."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from journey.core.version import version
from journey.money.format import format_dollars
from scenarios.comparison import decision_funnel
from scenarios.comparison.stopping_rule import COVERAGE
from scenarios.comparison.verdict import describe_roi
from scenarios.files.model import BASELINE
from scenarios.metrics.definitions import format_metric
from scenarios.metrics.practical_effects import describe_practical_effect
from scenarios.reports.acquisition import (
    acquisition_blocks,
    describe_customers,
    describe_with_counts,
)
from scenarios.reports.assumptions import build_assumptions
from scenarios.reports.comparison_summary import summary_blocks, title_blocks
from scenarios.reports.comparison_text import (
    FAMILIES,
    build_repeat_command,
    describe_cohorts,
    describe_funnel_scale,
    describe_money_scale,
    describe_replications,
    format_estimate,
    format_line_quantity,
    format_means,
    format_variance_reduction,
    label_replications,
)
from scenarios.reports.document import Block, Code, Grid, Heading, Items, Paragraph
from scenarios.reports.experiment import (
    experiment_blocks,
    format_difference_interval,
    format_significance,
    format_tested_interval,
)
from scenarios.reports.metric_grids import build_metric_grids
from scenarios.reports.review_queue import queue_blocks
from scenarios.reports.untreated import untreated_blocks
from scenarios.text.phrases import format_confidence, pluralise

if TYPE_CHECKING:
    from scenarios.comparison.compare import Comparison
    from scenarios.comparison.money import Return


def build_report(comparison: "Comparison") -> list[Block]:
    """The report of a comparison."""
    scenario = comparison.loaded.scenario
    return [
        *title_blocks(comparison),
        *summary_blocks(comparison, comparison.verdict.paragraphs),
        *([Paragraph(f"Lesson: {scenario.teaches}")] if scenario.teaches else []),
        *_arms(comparison),
        *acquisition_blocks(comparison),
        *_metrics(comparison),
        *_money(comparison),
        *_funnel(comparison),
        *untreated_blocks(comparison, describe_funnel_scale(comparison)),
        *queue_blocks(comparison),
        *_uncertainty(comparison),
        *build_assumptions(comparison.loaded),
        *_repeat(comparison),
    ]


def _arms(comparison: "Comparison") -> list[Block]:
    rows = []
    for arm_spec in comparison.loaded.arms:
        arm = comparison.loaded.scenario.arms[arm_spec.name]
        actions = "the policy's" if arm_spec.actions is None else ", ".join(arm_spec.actions) or "none"
        reviewers = (
            str(arm_spec.reviewers.count_for(arm_spec.population.size)) if arm_spec.active else "no orchestrator"
        )
        label = describe_with_counts(comparison, arm.label)
        rows.append((arm_spec.name, label, actions if arm_spec.active else "none", reviewers))
    return [
        Heading(2, "What differs between the arms"),
        Paragraph(
            f"{describe_customers(comparison)} over {comparison.days:g} days, in "
            f"{describe_replications(comparison)}. In each, "
            f"{describe_cohorts(comparison)}."
        ),
        Grid(("arm", "description", "actions", "reviewers"), tuple(rows), numbers_from=3),
    ]


def _metrics(comparison: "Comparison") -> list[Block]:
    blocks: list[Block] = [
        Heading(2, "Metrics"),
        Paragraph(
            "Mean over replications with its 95 % confidence interval (simulation error); n: the replications that "
            f"measured it, where not all {comparison.used_replications:,} did."
        ),
        *build_metric_grids(comparison.arms[BASELINE], partial(_means_grid, comparison), "Metrics by segment and tier"),
    ]
    if comparison.experiment is not None:
        return [*blocks, *experiment_blocks(comparison, comparison.experiment)]
    for arm in comparison.effects:
        blocks += [
            Heading(2, f"Differences: {arm} minus baseline"),
            Paragraph(_describe_tests(comparison)),
            *build_metric_grids(comparison.effects[arm], partial(_effects_grid, comparison, arm)),
        ]
    return blocks


def _means_grid(comparison: "Comparison", names: Sequence[str]) -> Grid:
    rows = (
        (comparison.get_metric(name).label, *(_mean_text(comparison, arm, name) for arm in comparison.arms))
        for name in names
    )
    return Grid(("metric", *comparison.arms), tuple(rows))


def _mean_text(comparison: "Comparison", arm: str, name: str) -> str:
    found = comparison.arms[arm][name]
    text = format_estimate(found, comparison.get_metric(name).unit, interval=True)
    return text + label_replications(comparison, found.n)


def _describe_tests(comparison: "Comparison") -> str:
    return (
        "Paired over replications. The primary metric is "
        f"{comparison.get_metric(comparison.loaded.scenario.primary_metric).label}. "
        '"Significant" means that the null hypothesis "no difference in this metric" is rejected at the 5 % level '
        f"with Holm's correction. {FAMILIES} Each interval has the confidence level at which its metric is tested, and "
        "excludes 0 exactly where the difference is significant. Means and difference are over the replications that "
        "measured both arms. The variance reduction is (Var A + Var B) / Var(B - A), with its 95 % interval: the "
        "factor by which independent arms would need more replications."
    )


def _effects_grid(comparison: "Comparison", arm: str, names: Sequence[str]) -> Grid:
    rows = []
    for name in names:
        effect = comparison.effects[arm][name]
        metric = comparison.get_metric(name)
        unit = metric.unit
        rows.append(
            (
                metric.label,
                *format_means(comparison, arm, name),
                format_metric(effect.difference.mean, unit, difference=True),
                format_tested_interval(effect, unit),
                "n/a" if effect.p_adjusted is None else format_confidence(effect.tested.confidence),
                format_significance(effect),
                str(effect.difference.n),
                "n/a" if effect.difference.sd is None else format_metric(effect.difference.sd, unit),
                format_variance_reduction(effect),
                " ".join(filter(None, (effect.note, describe_practical_effect(effect, metric)))),
            )
        )
    columns = (
        "metric", "baseline", arm, "difference", "interval", "confidence", "significant (95 %, Holm)", "replications",
        "cohort sd", "variance reduction", "note",
    )  # fmt: skip
    return Grid(columns, tuple(rows), numbers_to=10)


def _money(comparison: "Comparison") -> list[Block]:
    perspective = comparison.loaded.scenario.money.perspective
    blocks: list[Block] = [
        Heading(2, "Money, line by line"),
        Paragraph(
            f"From the perspective of {perspective}. {describe_money_scale(comparison)} over the horizon, compared "
            "with the baseline. Every dollar is counted once. Revenue is discounted; other lines are not."
        ),
    ]
    for arm, returned in comparison.roi.items():
        blocks += [Heading(3, f"{arm} compared with baseline"), _ledger(returned), Items(tuple(_bottom_line(returned)))]
    return blocks


def _ledger(arm_return: "Return") -> Grid:
    rows = [
        (
            line.kind,
            line.name,
            format_line_quantity(line),
            format_dollars(line.unit_price),
            format_dollars(line.amount),
            line.provenance,
        )
        for line in arm_return.ledger.lines
    ]
    return Grid(
        ("kind", "line", "quantity", "unit price", "amount", "provenance"), tuple(rows), numbers_from=2, numbers_to=5
    )


def _bottom_line(arm_return: "Return") -> list[str]:
    ledger, net, roi = arm_return.ledger, arm_return.net, describe_roi(arm_return)
    interval = (
        "" if net.low is None or net.high is None else f" (95 % interval {format_difference_interval(net, 'dollars')})"
    )
    lines = [
        f"Incremental value {format_dollars(ledger.value)}, incremental cost {format_dollars(ledger.cost)}.",
        f"Net {format_dollars(ledger.net)}{interval}.",
        f"{roi[:1].upper()}{roi[1:]}.",
    ]
    if ledger.not_counted:
        lines.append(f"Unknown, and in no total: {', '.join(ledger.not_counted)}.")
    if arm_return.probability_positive is not None:
        positive = round(arm_return.probability_positive * net.n)
        lines.append(f"The net value was positive in {positive:,} of {pluralise(net.n, 'replication')}.")
    if arm_return.note:
        lines.append(arm_return.note)
    if net.sd is not None:
        lines.append(f"The standard deviation between cohorts of this size is {format_dollars(net.sd)}.")
    return lines


def _funnel(comparison: "Comparison") -> list[Block]:
    rows = []
    for label, counts, total in decision_funnel.funnel_rows(comparison.funnels):
        name = label if total else f"of which: {label}"
        rows.append((name, *(format_metric(count, "count") for count in counts)))
    return [
        Heading(2, "The decision funnel"),
        Paragraph(
            f"The outcome of every evaluation of a customer, {describe_funnel_scale(comparison)}: the rule that ended "
            "it, the review, the action and its result. Lines that are 0 in every arm are omitted."
        ),
        Grid(("step", *comparison.funnels), tuple(rows)),
    ]


def _uncertainty(comparison: "Comparison") -> list[Block]:
    stopping = () if comparison.precision is None else (COVERAGE,)
    return [
        Heading(2, "Sources of uncertainty"),
        Items(
            (
                *stopping,
                (
                    "Simulation error: the intervals. It approaches 0 with more replications and measures only the "
                    "precision of the model's mean."
                ),
                _cohort_variation(comparison),
                (
                    "Parameter uncertainty: not included. Effects, hazards and prices below are assumptions; change "
                    "them with --set to test whether the verdict holds."
                ),
            )
        ),
    ]


def _cohort_variation(comparison: "Comparison") -> str:
    if comparison.experiment is not None:
        return (
            "Cohort variation: the standard deviation of one experiment of this size around the mean (cohort_sd in "
            "JSON). "
            "The column power is computed from it. More customers reduce it; more replications do not."
        )
    if comparison.acquisition:
        return (
            "Cohort variation: the column cohort sd. It is the standard deviation of the difference between sets of "
            "prospects, if the same prospects could be exposed to every arm's budget. More replications do not reduce "
            "it."
        )
    return (
        "Cohort variation: the column cohort sd. It is the standard deviation of the difference between companies of "
        f"{comparison.cohort_size}, each simulated in every arm with common random numbers. More "
        "replications do not reduce it. Real comparisons between two companies, or before and after, vary more, "
        "because they share no random numbers."
    )


def _repeat(comparison: "Comparison") -> list[Block]:
    return [
        Heading(2, "How to reproduce it"),
        Code(build_repeat_command(comparison)),
        Items(
            (
                f"scenario {comparison.loaded.name}, hash {comparison.loaded.hash}",
                f"seed {comparison.seed}, {comparison.replications} replications, mode {comparison.mode}",
                f"journeylab {version()}, engine {comparison.engine}",
            )
        ),
    ]
