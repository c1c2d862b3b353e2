"""A comparison as tables on the terminal, readable from 60 columns."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from journey.money.format import format_dollars
from scenarios.cli.console import styled, table
from scenarios.cli.experiment_tables import print_experiment
from scenarios.cli.terminal_document import print_document
from scenarios.comparison.decision_funnel import funnel_rows
from scenarios.comparison.untreated_distress import untreated_rows
from scenarios.metrics.definitions import format_metric
from scenarios.reports.acquisition import COLUMNS, TOTALS, channel_rows, describe_budget_moves
from scenarios.reports.comparison_summary import build_first_screen, repeat_blocks, summary_blocks, title_blocks
from scenarios.reports.comparison_text import (
    describe_funnel_scale,
    describe_missing_replications,
    describe_money_scale,
    describe_other_tests,
    describe_practical_effects,
    describe_significance,
    describe_variance_reduction,
    format_line_quantity,
    format_means,
    label_metric,
)
from scenarios.reports.experiment import format_significance, format_tested_interval
from scenarios.reports.review_queue import format_queue_day, has_requests
from scenarios.reports.untreated import format_untreated
from simulation.metrics.metric_names import split_by_part

if TYPE_CHECKING:
    from rich.console import Console

    from scenarios.cli.fitted_table import FittedTable
    from scenarios.comparison.compare import Comparison

_WIDE = 80

_FULL_HEADINGS = 100
"""Columns of a terminal in which the heading of the significance is not abbreviated."""


def print_comparison(out: "Console", comparison: "Comparison", *, full: bool) -> None:
    """Print a comparison: its first screen, or everything, the verdict first in both.

    Args:
        out: Console to print to.
        comparison: The comparison.
        full: Whether to print all tables.
    """
    if full:
        _print_everything(out, comparison)
    else:
        print_document(out, build_first_screen(comparison))


def _print_everything(out: "Console", comparison: "Comparison") -> None:
    print_document(out, [*title_blocks(comparison), *summary_blocks(comparison, comparison.verdict.paragraphs)])
    out.print()
    wide = out.width >= _WIDE
    _print_campaigns(out, comparison)
    for arm in comparison.effects:
        if comparison.experiment is None:
            for table_of_effects in _effects_tables(comparison, arm, out.width):
                out.print(table_of_effects)
            out.print(f"{describe_variance_reduction(comparison, arm)}\n")
        else:
            print_experiment(out, comparison, comparison.experiment, arm)
        out.print(_money_table(comparison, arm, wide=wide))
    out.print(_funnel_table(comparison))
    for section in (_untreated_table(comparison), _queue_table(comparison)):
        if section is not None:
            out.print(section)
    print_document(out, repeat_blocks(comparison))


def _print_campaigns(out: "Console", comparison: "Comparison") -> None:
    """The channels of every arm, if the scenario has campaigns."""
    for name, arm in comparison.acquisition.items():
        result = table(f"Campaigns: {name}, mean per run", *COLUMNS, right=COLUMNS[1:6])
        for row in channel_rows(arm):
            result.add_row(*row)
        out.print(result)
        out.print(f"{describe_budget_moves(arm)}\n")
    if comparison.acquisition:
        out.print(f"{TOTALS}\n")


def _effects_tables(comparison: "Comparison", arm: str, width: int) -> Iterator["FittedTable"]:
    """The metrics of the whole population, and those by segment and tier."""
    whole, parts = split_by_part(comparison.effects[arm])
    heading = f"{arm} compared with baseline"
    result = _effects_table(comparison, arm, whole, heading, width)
    abbreviation = "; sig.: significant (95 %, Holm)" if _WIDE <= width < _FULL_HEADINGS else ""
    tests = f"{describe_significance(comparison)} {describe_other_tests(comparison, arm)}"
    notes = (
        f"* primary metric{abbreviation}. {tests}",
        describe_missing_replications(comparison, arm),
        describe_practical_effects(comparison, arm),
    )
    result.note = " ".join(filter(None, notes))
    yield result
    if parts:
        yield _effects_table(comparison, arm, parts, f"{heading}, by segment and tier", width)


def _effects_table(comparison: "Comparison", arm: str, names: Sequence[str], heading: str, width: int) -> "FittedTable":
    wide = width >= _WIDE
    significance = "significant\n(95 %, Holm)" if width >= _FULL_HEADINGS else "sig."
    columns = [
        "metric",
        "baseline",
        arm,
        "difference",
        *(["interval", significance] if wide else []),
    ]
    result = table(heading, *columns, right=columns[1:5])
    primary = comparison.loaded.scenario.primary_metric
    for name in names:
        effect = comparison.effects[arm][name]
        info = comparison.get_metric(name)
        label = label_metric(comparison, name, effect) + (" *" if name == primary else "")
        means = format_means(comparison, arm, name)
        change = format_metric(effect.difference.mean, info.unit, difference=True)
        interval = format_tested_interval(effect, info.unit)
        if wide:
            result.add_row(label, *means, change, interval, format_significance(effect))
        else:
            result.add_row(label, *means, f"{change}\n{interval}")
    return result


def _funnel_table(comparison: "Comparison") -> "FittedTable":
    result = table(
        f"Decisions, {describe_funnel_scale(comparison)}",
        "step",
        *comparison.funnels,
        right=tuple(comparison.funnels),
    )
    for label, counts, total in funnel_rows(comparison.funnels):
        name = styled(label, "bold") if total else f"  {label}"
        result.add_row(name, *(format_metric(count, "count") for count in counts))
    return result


def _untreated_table(comparison: "Comparison") -> "FittedTable | None":
    listed = untreated_rows(comparison.untreated)
    if not listed:
        return None
    arms = list(comparison.untreated)
    result = table(
        f"Untreated distress episodes, {describe_funnel_scale(comparison)}", "stage, segment", *arms, right=arms
    )
    for stage, segment, of_arms in listed:
        result.add_row(f"{stage}, {segment}", *map(format_untreated, of_arms))
    return result


def _queue_table(comparison: "Comparison") -> "FittedTable | None":
    """Backlog, utilisation and wait of each arm with review requests; arms of an experiment share the reviewers."""
    arms = {name: days for name, days in comparison.gate.items() if has_requests(days)}
    if not arms:
        return None
    if comparison.experiment is not None:
        arms = {"all arms": next(iter(arms.values()))}
    columns = list(arms)
    result = table("Reviewers over time: backlog; utilisation and wait since the previous row", "day", *columns,
                 right=("day", *columns))  # fmt: skip
    for index, day in enumerate(next(iter(arms.values()))):
        result.add_row(f"{day.day:.0f}", *(", ".join(format_queue_day(of_arm[index])) for of_arm in arms.values()))
    return result


def _money_table(comparison: "Comparison", arm: str, *, wide: bool) -> "FittedTable":
    found = comparison.roi[arm]
    columns = ["line", *(["quantity", "unit price"] if wide else []), "amount", "provenance"]
    result = table(f"Money: {arm} compared with baseline", *columns, right=("quantity", "unit price", "amount"))
    for kind, title, total in (
        ("value", "incremental value", found.ledger.value),
        ("cost", "incremental cost", found.ledger.cost),
    ):
        for line in found.ledger.lines:
            if line.kind == kind:
                detail = [format_line_quantity(line), format_dollars(line.unit_price)] if wide else []
                result.add_row(line.name, *detail, format_dollars(line.amount), line.provenance)
        result.add_row(styled(title, "bold"), *([""] * 2 if wide else []), format_dollars(total), "", end_section=True)
    net = format_dollars(found.ledger.net)
    result.add_row(styled("net", "bold"), *([""] * 2 if wide else []), net, "")
    if comparison.experiment is not None:
        result.note = f"{describe_money_scale(comparison)}."
    return result
