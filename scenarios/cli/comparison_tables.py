"""A comparison as tables for people, readable from 60 columns on."""

from typing import TYPE_CHECKING

from rich.markup import escape

from scenarios.cli.console import table
from scenarios.cli.experiment_tables import print_experiment
from scenarios.comparison.decision_funnel import rows
from scenarios.comparison.untreated_distress import rows as unhelped_rows
from scenarios.metrics.definitions import dollars, metric, shown
from scenarios.reports.acquisition import COLUMNS, TOTALS, channel_rows, customers_text, moves_text
from scenarios.reports.comparison import (
    counted,
    estimate_text,
    funnel_scale,
    money_scale,
    pairing,
    quantity_text,
    repeat_command,
    uncertainty,
)
from scenarios.reports.experiment import division, interval_text
from scenarios.reports.review_queue import gate_texts, got_nothing, is_used

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from scenarios.comparison.compare import Comparison
    from scenarios.metrics.effects import Effect

_WIDE = 80


def print_comparison(out: "Console", found: "Comparison") -> None:
    """Print a comparison: question, arms, effects, money, verdict, and how to repeat it."""
    scenario = found.loaded.scenario
    out.print(f"{scenario.title}\n{scenario.question}\n", markup=False)
    for name, described in scenario.arms.items():
        out.print(f"  {name}: {described.label or name}", markup=False)
    lived = "every arm on the same luck" if found.experiment is None else division(found.experiment)
    out.print(f"  {customers_text(found)}, {found.days:g} days, {counted(found.replications)}, {lived}\n", markup=False)
    wide = out.width >= _WIDE
    _print_campaigns(out, found)
    for arm in found.effects:
        if found.experiment is None:
            out.print(_effects(found, arm, wide=wide))
            out.print(f"{pairing(found, arm)}\n", markup=False)
        else:
            print_experiment(out, found, found.experiment, arm)
        out.print(_money(found, arm, wide=wide))
    out.print(_funnel(found))
    for made in (_unhelped(found), _gate(found)):
        if made is not None:
            out.print(made)
    out.print("Verdict", style="bold")
    out.print(found.verdict.text, markup=False)
    if found.precision is not None:
        out.print(f"\n{found.precision.sentence}", markup=False)
    out.print(f"\n{uncertainty(found)}", markup=False)
    out.print(f"\nTo repeat: {repeat_command(found)}", markup=False)
    out.print(
        f"scenario {found.loaded.hash}, seed {found.seed}, version {found.as_dict()['version']}, engine {found.engine}",
        markup=False,
    )


def _print_campaigns(out: "Console", found: "Comparison") -> None:
    """The channels of every arm, where customers come by campaigns."""
    for name, arm in found.acquisition.items():
        made = table(escape(f"Campaigns: {name}, mean per run"), *COLUMNS, right=COLUMNS[1:6])
        for row in channel_rows(arm):
            made.add_row(*map(escape, row))
        out.print(made)
        out.print(f"{moves_text(arm)}\n", markup=False)
    if found.acquisition:
        out.print(f"{TOTALS}\n", markup=False)


def _effects(found: "Comparison", arm: str, *, wide: bool) -> "Table":
    columns = ["metric", "baseline", arm, "difference", *(["95 % interval", "shown"] if wide else [])]
    made = table(escape(f"{arm} against baseline"), *columns, right=columns[1:5])
    primary = found.loaded.scenario.primary_metric
    for name, effect in found.effects[arm].items():
        about = metric(name)
        label = escape(about.label) + (" *" if name == primary else "")
        means = [estimate_text(found.arms[which][name], about.unit) for which in ("baseline", arm)]
        change = shown(effect.difference.mean, about.unit, difference=True)
        interval = interval_text(effect.difference, about.unit)
        if wide:
            made.add_row(label, *means, change, interval, _shown(effect))
        else:
            made.add_row(label, *means, f"{change}\n{interval}")
    made.caption = "* the verdict rests on this metric"
    made.caption_justify = "left"
    return made


def _funnel(found: "Comparison") -> "Table":
    made = table(f"Decisions, {funnel_scale(found)}", "step", *map(escape, found.funnels), right=tuple(found.funnels))
    for label, counts, total in rows(found.funnels):
        name = f"[bold]{label}[/bold]" if total else f"  {label}"
        made.add_row(name, *(shown(count, "count") for count in counts))
    return made


def _unhelped(found: "Comparison") -> "Table | None":
    listed = unhelped_rows(found.unhelped)
    if not listed:
        return None
    arms = [escape(name) for name in found.unhelped]
    made = table(f"In distress and got nothing, {funnel_scale(found)}", "stage, segment", *arms, right=arms)
    for stage, segment, of_arms in listed:
        made.add_row(escape(f"{stage}, {segment}"), *map(got_nothing, of_arms))
    return made


def _gate(found: "Comparison") -> "Table | None":
    """Backlog, utilisation and wait, of each arm whose reviewers are asked anything; arms of one run share them."""
    arms = {name: days for name, days in found.gate.items() if is_used(days)}
    if not arms:
        return None
    if found.experiment is not None:
        arms = {"all arms": next(iter(arms.values()))}
    columns = [escape(name) for name in arms]
    made = table("Reviewers over time: backlog, utilisation and wait since the day above", "day", *columns,
                 right=("day", *columns))  # fmt: skip
    for place, day in enumerate(next(iter(arms.values()))):
        made.add_row(f"{day.day:.0f}", *(", ".join(gate_texts(of_arm[place])) for of_arm in arms.values()))
    return made


def _shown(effect: "Effect") -> str:
    return "yes" if effect.shown else "no"


def _money(comparison: "Comparison", arm: str, *, wide: bool) -> "Table":
    found = comparison.roi[arm]
    columns = ["line", *(["quantity", "unit price"] if wide else []), "amount", "provenance"]
    made = table(escape(f"Money: {arm} against baseline"), *columns, right=("quantity", "unit price", "amount"))
    for kind, title, total in (
        ("value", "incremental value", found.ledger.value),
        ("cost", "incremental cost", found.ledger.cost),
    ):
        for line in found.ledger.lines:
            if line.kind == kind:
                detail = [quantity_text(line), dollars(line.unit_price)] if wide else []
                made.add_row(escape(line.name), *detail, dollars(line.amount or 0.0), line.provenance)
        made.add_row(f"[bold]{title}[/bold]", *([""] * 2 if wide else []), dollars(total), "", end_section=True)
    net = dollars(found.ledger.net)
    made.add_row("[bold]net[/bold]", *([""] * 2 if wide else []), net, "")
    if comparison.experiment is not None:
        made.caption, made.caption_justify = f"{money_scale(comparison)}.", "left"
    return made
