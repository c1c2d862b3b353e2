"""The first screen of a comparison: verdict, money, primary metric, and what needs attention.

The same sections open the report and the full output (`summary_blocks`).
"""

from functools import partial
from typing import TYPE_CHECKING

from journey.core.version import version
from journey.money.format import format_dollars
from journey.statistics.means import CONFIDENCE
from scenarios.files.model import BASELINE
from scenarios.metrics.definitions import format_metric
from scenarios.metrics.effects import group_families
from scenarios.reports.acquisition import describe_buyers, describe_customers, describe_with_counts
from scenarios.reports.attention import attention_items
from scenarios.reports.comparison_text import (
    MORE,
    SIMULATION_ERROR,
    build_repeat_command,
    describe_interruption,
    describe_money_scale,
    describe_replications,
    describe_significance,
    label_replications,
)
from scenarios.reports.document import Block, Code, Grid, Heading, Items, Paragraph
from scenarios.reports.experiment import describe_assignment, format_significance, format_tested_interval
from scenarios.reports.guardrails import guardrail_blocks
from scenarios.text.phrases import format_interval
from simulation.metrics.metric_names import parse_base_name, parse_part

if TYPE_CHECKING:
    from journey.statistics.means import Estimate
    from scenarios.comparison.compare import Comparison
    from scenarios.comparison.money import Return
    from scenarios.metrics.definitions import Unit

_INTERVAL = f"{100 * CONFIDENCE:.0f} % interval"
NO_INTERVAL = "none"
MAX_ATTENTION = 5
"""Largest number of points that need attention on the first screen."""


def build_first_screen(comparison: "Comparison") -> list[Block]:
    """The first screen: the summary, how to see the rest, and how to repeat the run."""
    return [
        *title_blocks(comparison),
        *summary_blocks(comparison, comparison.verdict.headlines, MAX_ATTENTION),
        *repeat_blocks(comparison, MORE),
    ]


def title_blocks(comparison: "Comparison") -> list[Block]:
    """Title, question, and whether the run was interrupted."""
    scenario = comparison.loaded.scenario
    return [
        Heading(1, scenario.title),
        *([Paragraph(describe_with_counts(comparison, scenario.question))] if scenario.question else []),
        *([Paragraph(describe_interruption(comparison))] if comparison.interrupted else []),
    ]


def summary_blocks(
    comparison: "Comparison", findings: tuple[str, ...], max_attention: int | None = None
) -> list[Block]:
    """Verdict, arms, money, primary metric, and what needs attention.

    Args:
        comparison: The comparison.
        findings: The verdict on each arm, in short or in full.
        max_attention: Largest number of points that need attention. Default: all.
    """
    return [
        Heading(2, "Verdict"),
        *(Paragraph(sentence) for sentence in (*comparison.verdict.breaches, *comparison.verdict.warnings)),
        _one_or_several(findings),
        *_arms(comparison),
        *_money(comparison),
        *_primary_metric(comparison),
        *_own_primary_by_part(comparison),
        *guardrail_blocks(comparison),
        *_attention(attention_items(comparison), max_attention),
    ]


def _one_or_several(texts: tuple[str, ...]) -> Block:
    return Paragraph(texts[0]) if len(texts) == 1 else Items(texts)


def repeat_blocks(comparison: "Comparison", more: str = "") -> list[Block]:
    """How to see `more`, and how to repeat the run, on few lines."""
    run = f"scenario {comparison.loaded.hash}, seed {comparison.seed}, version {version()}, engine {comparison.engine}"
    return [Paragraph(f"{more}\nTo reproduce ({run}):".lstrip()), Code(build_repeat_command(comparison))]


def _attention(items: list[str], limit: int | None) -> list[Block]:
    omitted = 0 if limit is None else max(0, len(items) - limit)
    more = [f"and {omitted} more with --full"] if omitted else []
    return [Heading(2, "Needs attention"), Items((*items[:limit], *more))] if items else []


def _arms(comparison: "Comparison") -> list[Block]:
    arms = comparison.loaded.scenario.arms
    return [Items((*(_describe_arm(comparison, name) for name in arms), _describe_size(comparison)))]


def _describe_arm(comparison: "Comparison", name: str) -> str:
    label = describe_with_counts(comparison, comparison.loaded.scenario.arms[name].label)
    text = f"{name}: {label or name}"
    acquisition = comparison.acquisition.get(name)
    return text if acquisition is None else f"{text}; {describe_buyers(acquisition)}"


def _describe_size(comparison: "Comparison") -> str:
    assignment = (
        "with common random numbers" if comparison.experiment is None else describe_assignment(comparison.experiment)
    )
    # With campaigns, each arm has its own number of customers.
    customers = "" if comparison.acquisition else f"{describe_customers(comparison)}, "
    replications = describe_replications(comparison)
    return f"{customers}{comparison.days:g} days, {replications}, {assignment}"


def _money(comparison: "Comparison") -> list[Block]:
    rows: list[tuple[str, ...]] = []
    for arm, returned in comparison.roi.items():
        first, *others = _money_rows(returned)
        rows += [(arm, *first), *(("", *row) for row in others)]
    return [
        Heading(2, f"Money compared with the {BASELINE}: {_lower_first(describe_money_scale(comparison))}"),
        Grid(("arm", "part", "mean", _INTERVAL), tuple(rows), numbers_from=2),
        Paragraph(_describe_value_beyond(comparison)),
    ]


def _money_rows(returned: "Return") -> list[tuple[str, ...]]:
    parts = returned.parts
    return [
        ("value within the horizon", *_money_cells(parts.value_within)),
        ("value beyond the horizon", *_money_cells(parts.value_beyond)),
        ("cost", *_money_cells(parts.cost)),
        ("net", *_money_cells(returned.net)),
    ]


def _money_cells(amount: "Estimate") -> tuple[str, str]:
    interval = format_interval(amount.low, amount.high, format_dollars, missing=NO_INTERVAL)
    return format_dollars(amount.mean), interval


def _describe_value_beyond(comparison: "Comparison") -> str:
    years = comparison.loaded.scenario.money.beyond_horizon_years
    return (
        "Value beyond the horizon is credited, not simulated "
        f"(money.beyond_horizon_years = {years.amount:g}, {years.provenance})."
    )


def _primary_metric(comparison: "Comparison") -> list[Block]:
    primary = comparison.loaded.scenario.primary_metric
    metric = comparison.get_metric(primary)
    rows: list[tuple[str, ...]] = []
    for arm, effects in comparison.effects.items():
        effect = effects.get(primary)
        if effect is None:
            continue
        measured = label_replications(comparison, effect.difference.n)
        baseline = (f"{BASELINE}{measured}", *_mean_cells(effect.baseline, metric.unit), "")
        # Arms that were measured in different replications are compared with different means of the baseline.
        rows += [] if baseline in rows else [baseline]
        change = format_metric(effect.difference.mean, metric.unit, difference=True)
        interval = format_tested_interval(effect, metric.unit, NO_INTERVAL, with_level=True)
        rows += [
            (f"{arm}{measured}", *_mean_cells(effect.treated, metric.unit), ""),
            (f"{arm} minus {BASELINE}", change, interval, format_significance(effect)),
        ]
    return [
        Heading(2, f"Primary metric: {metric.label}"),
        Grid(("", "mean", _INTERVAL, "significant"), tuple(rows), numbers_to=3),
        Paragraph(f"{describe_significance(comparison)} {SIMULATION_ERROR}"),
    ]


def _own_primary_by_part(comparison: "Comparison") -> list[Block]:
    """The primary metric by segment and tier, where the scenario declares it itself."""
    primary = comparison.loaded.scenario.primary_metric
    if comparison.get_metric(primary).is_built_in:
        return []
    rows = []
    for arm, effects in comparison.effects.items():
        for _, name in group_families({arm: effects}, primary).segments:
            effect, metric = effects[name], comparison.get_metric(name)
            rows.append(
                (
                    arm,
                    parse_part(name) or "",
                    format_metric(effect.baseline.mean, metric.unit),
                    format_metric(effect.difference.mean, metric.unit, difference=True),
                    format_tested_interval(effect, metric.unit, NO_INTERVAL),
                    format_significance(effect),
                )
            )
    if not rows:
        return []
    columns = ("arm", "part", BASELINE, "difference", "interval", "significant")
    return [
        Heading(2, f"{comparison.get_metric(parse_base_name(primary)).label} by segment and tier"),
        Grid(columns, tuple(rows), numbers_from=2, numbers_to=5),
    ]


def _mean_cells(found: "Estimate", unit: "Unit") -> tuple[str, str]:
    interval = format_interval(found.low, found.high, partial(format_metric, unit=unit), missing=NO_INTERVAL)
    return format_metric(found.mean, unit), interval


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
