"""An explanation as tables on the terminal, readable from 60 columns."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from journey.decision.policy import TIERS
from journey.money.format import format_dollars, format_exact_dollars
from scenarios.cli.console import styled, table
from scenarios.explain.timeline import merge_histories
from scenarios.text.phrases import format_name

if TYPE_CHECKING:
    from rich.console import Console

    from journey.money.ledger import LedgerLine
    from scenarios.cli.fitted_table import FittedTable
    from scenarios.explain.explain import Explanation
    from scenarios.explain.timeline import TimelineLine

_MIN_COLUMN_WIDTH = 22
"""In characters; with less room, the arm is named in a column instead of having a column of its own."""
_DAY_COLUMN_WIDTH = 9
_DIVERGENCE_STYLE = "bold yellow"
_SAME = "the same"

_OVERHEADS = ("review_time", "evaluations")
_LINES = {
    "margin_retained": "margin on revenue",
    "value_beyond_horizon": "value beyond the horizon",
    "escalations_avoided": "escalations",
    "support_days_avoided": "days in support",
    "review_time": "review time",
}


def print_explanation(out: "Console", explanation: "Explanation") -> None:
    """Print an explanation."""
    _print_customer(out, explanation)
    lines = merge_histories([history.history.rows for history in explanation.histories])
    arms = [history.name for history in explanation.histories]
    wide = (out.width - _DAY_COLUMN_WIDTH) // len(arms) >= _MIN_COLUMN_WIDTH
    diverges_at = explanation.earliest_divergence.first.time if explanation.earliest_divergence else None
    _print_divergences(out, explanation)
    _print_end_stages(out, explanation)
    out.print((_wide_timeline if wide else _narrow_timeline)(arms, lines, diverges_at))
    out.print(_money_table(explanation))
    _print_run_details(out, explanation)


def _print_customer(out: "Console", explanation: "Explanation") -> None:
    first = explanation.histories[0].history
    person = first.initial
    since = f" for {person.days_in_stage:.1f} days" if person.days_in_stage else ""
    began = f"in {first.first_stage} on day 0{since}"
    if person.arrives_at > 0.0:
        began = f"arrives on day {person.arrives_at:.1f}, in {first.first_stage}"
    consent = "" if person.consents else "; no consent to be contacted"
    identity = f" ({person.recorded_id})" if person.recorded_id else ""
    out.print(
        f"Customer {explanation.customer}{identity} of {explanation.loaded.scenario.title!r}: {first.segment}, "
        f"risk tier {TIERS[person.tier]}, {format_dollars(person.account_value)} per year; {began}{consent}.\n",
    )


def _wide_timeline(arms: Sequence[str], lines: Sequence["TimelineLine"], diverges_at: float | None) -> "FittedTable":
    result = table("Timeline, by day", "day", *arms, right=("day",))
    for column in result.columns[1:]:
        column.ratio = 1
    for line in lines:
        first, *others = line.cells
        cells = [first, *(_SAME for _ in others)] if line.is_shared and others else line.cells
        marked = line.time == diverges_at and not line.is_shared
        result.add_row(
            _format_day(line, marked=marked),
            *cells,
            style=_DIVERGENCE_STYLE if marked else None,
        )
    result.expand = True
    return result


def _narrow_timeline(arms: Sequence[str], lines: Sequence["TimelineLine"], diverges_at: float | None) -> "FittedTable":
    result = table("Timeline, by day", "day", "arm", "event", right=("day",))
    for line in lines:
        marked = line.time == diverges_at and not line.is_shared
        by_text: dict[str, list[str]] = {}
        for arm, cell in zip(arms, line.cells, strict=True):
            if cell:
                by_text.setdefault(cell, []).append(arm)
        for text, names in by_text.items():
            named = "all" if len(names) == len(arms) and len(arms) > 1 else ", ".join(names)
            style = _DIVERGENCE_STYLE if marked else None
            result.add_row(_format_day(line, marked=marked), named, text, style=style)
    return result


def _format_day(line: "TimelineLine", *, marked: bool) -> str:
    # A sign besides the colour, for pipes and for readers who do not see colours.
    return f"{'> ' if marked else ''}{line.time:.1f}"


def _print_end_stages(out: "Console", explanation: "Explanation") -> None:
    ends = []
    for history in explanation.histories:
        stay = history.history.stays[-1]
        state = "not final" if history.is_unfinished else "final"
        if stay.stage in explanation.loaded.arms[0].journey.lost:
            state = "churned, can be won back"
        ends.append(f"{history.name}: in {stay.stage} since day {max(0.0, stay.entered_at):.1f}, {state}")
    out.print(f"At the end, day {explanation.loaded.scenario.horizon_days:g}: {'; '.join(ends)}.\n")


def _print_divergences(out: "Console", explanation: "Explanation") -> None:
    if not explanation.divergences:
        out.print("The scenario has one arm only, so there is no divergence.\n")
    for name, divergence in explanation.divergences.items():
        if divergence is None:
            out.print(
                f"{name} and {explanation.histories[0].name} do not diverge: only evaluations without an action "
                "can differ.\n",
            )
            continue
        before, after = divergence.arms
        out.print(styled(f"{before} and {after} diverge on day {divergence.first.time:.1f}.", "bold"))
        out.print(f"Cause: {divergence.why}.")
        out.print(f"Effect: {divergence.effect}.\n")


def _money_table(explanation: "Explanation") -> "FittedTable":
    """The value and cost lines by arm; the last columns are the differences from the first arm."""
    arms = [history.name for history in explanation.histories]
    differences = ["difference"] if len(arms) == 2 else [f"{arm} - {arms[0]}" for arm in arms[1:]]
    columns = [*arms, *differences]
    result = table("Value and cost of the customer", "line", *columns, right=columns)
    amounts = [{line.name: line for line in history.ledger.lines} for history in explanation.histories]
    _add_amounts(
        result, "revenue (not in the net)", [history.quantities["revenue"] for history in explanation.histories]
    )
    for name in sorted(dict.fromkeys(name for lines in amounts for name in lines), key=_line_order):
        sign = -1.0 if any(name in lines and lines[name].kind == "cost" for lines in amounts) else 1.0
        _add_amounts(
            result,
            _line_label(name),
            [_signed_amount(lines.get(name), sign) for lines in amounts],
        )
    result.add_section()
    _add_amounts(result, "net", [history.ledger.net for history in explanation.histories])
    return result


def _signed_amount(line: "LedgerLine | None", sign: float) -> float | None:
    """The amount of a line; 0 in an arm that has no such line, and None where the amount is unknown."""
    if line is None:
        return 0.0
    return None if line.amount is None else sign * line.amount


def _line_order(name: str) -> int:
    """Sort key of a line: value lines, then actions, then other costs."""
    return _OVERHEADS.index(name) + 2 if name in _OVERHEADS else int(name.startswith("actions."))


def _line_label(name: str) -> str:
    return _LINES.get(name, format_name(name.removeprefix("actions.")))


def _add_amounts(result: "FittedTable", label: str, amounts: Sequence[float | None]) -> None:
    first = amounts[0]
    differences = [None if amount is None or first is None else amount - first for amount in amounts[1:]]
    result.add_row(
        label,
        *(format_exact_dollars(amount) for amount in amounts),
        *(format_exact_dollars(d, show_plus=True) for d in differences),
    )


def _print_run_details(out: "Console", explanation: "Explanation") -> None:
    out.print(
        f"All {explanation.customers:,} customers were simulated in every arm, because they share the reviewers; "
        "this is one "
        f"of them. Events marked as hidden truth are unknown to the company. Seed {explanation.loaded.scenario.seed}, "
        "scenario "
        f"{explanation.loaded.hash}, engine {explanation.engine}. One customer is an example; `journey compare` "
        "measures the effect.",
    )
