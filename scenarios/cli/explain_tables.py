"""An explanation as tables for people, readable from 60 columns on."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape

from journey.decision.policy import TIERS
from scenarios.cli.console import table
from scenarios.explain.event_text import plain
from scenarios.explain.timeline import merged
from scenarios.metrics.definitions import dollars

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from scenarios.explain.explain import Explanation
    from scenarios.explain.timeline import TimelineLine

_LEAST_COLUMN = 22
"""Characters below which a column for each arm is no longer readable: then an arm is named in a column instead."""
_DAY_COLUMN = 9
_PARTING = "bold yellow"
_SAME = "the same"

_OVERHEADS = ("review_time", "evaluations")
_LINES = {
    "margin_retained": "margin on revenue",
    "value_beyond_horizon": "value beyond the horizon",
    "escalations_avoided": "escalations",
    "support_days_avoided": "days in support",
    "review_time": "review time",
}


def print_explanation(out: "Console", found: "Explanation") -> None:
    """Print an explanation."""
    _print_who(out, found)
    lines = merged([life.lifeline.rows for life in found.lives])
    arms = [life.name for life in found.lives]
    wide = (out.width - _DAY_COLUMN) // len(arms) >= _LEAST_COLUMN
    parts_at = found.parting.first.time if found.parting else None
    out.print((_side_by_side if wide else _one_below_the_other)(arms, lines, parts_at))
    _print_ends(out, found)
    _print_partings(out, found)
    out.print(_worth(found))
    _print_how_it_was_done(out, found)


def _print_who(out: "Console", found: "Explanation") -> None:
    first = found.lives[0].lifeline
    person = first.initial
    since = f", {person.days_in_stage:.1f} days since" if person.days_in_stage else ""
    began = f"in {first.first_stage} on day 0{since}"
    if person.arrives_at > 0.0:
        began = f"comes on day {person.arrives_at:.1f}, in {first.first_stage}"
    consent = "" if person.consents else "; gave no consent to be contacted"
    out.print(
        f"Customer {found.customer} of {found.loaded.scenario.title!r}: {first.segment}, risk tier "
        f"{TIERS[person.tier]}, {dollars(person.account_value)} a year; {began}{consent}.\n",
        markup=False,
    )


def _side_by_side(arms: Sequence[str], lines: Sequence["TimelineLine"], parts_at: float | None) -> "Table":
    made = table("Timeline, by day", "day", *(escape(arm) for arm in arms), right=("day",))
    for column in made.columns[1:]:
        column.ratio = 1
    for line in lines:
        first, *others = line.cells
        cells = [first, *(_SAME for _ in others)] if line.is_shared and others else line.cells
        marked = line.time == parts_at and not line.is_shared
        made.add_row(_day(line, marked=marked), *(escape(cell) for cell in cells), style=_PARTING if marked else None)
    made.expand = True
    return made


def _one_below_the_other(arms: Sequence[str], lines: Sequence["TimelineLine"], parts_at: float | None) -> "Table":
    made = table("Timeline, by day", "day", "arm", "what happens", right=("day",))
    for line in lines:
        marked = line.time == parts_at and not line.is_shared
        by_text: dict[str, list[str]] = {}
        for arm, cell in zip(arms, line.cells, strict=True):
            if cell:
                by_text.setdefault(cell, []).append(arm)
        for text, who in by_text.items():
            named = "all" if len(who) == len(arms) and len(arms) > 1 else ", ".join(who)
            style = _PARTING if marked else None
            made.add_row(_day(line, marked=marked), escape(named), escape(text), style=style)
    return made


def _day(line: "TimelineLine", *, marked: bool) -> str:
    # A sign besides the colour, for pipes and for those who do not see it.
    return f"{'> ' if marked else ''}{line.time:.1f}"


def _print_ends(out: "Console", found: "Explanation") -> None:
    ends = []
    for life in found.lives:
        stay = life.lifeline.stays[-1]
        state = "unfinished" if life.unfinished else "for good"
        if stay.stage in found.loaded.scenario.world.lost:
            state = "gone, and may be won back"
        ends.append(f"{life.name}: in {stay.stage} since day {max(0.0, stay.entered_at):.1f}, {state}")
    out.print(f"On day {found.loaded.scenario.horizon_days:g}, the end: {'; '.join(ends)}.\n", markup=False)


def _print_partings(out: "Console", found: "Explanation") -> None:
    if not found.partings:
        out.print("There is one arm only, so there is nothing to part from.\n", markup=False)
    for name, parting in found.partings.items():
        if parting is None:
            out.print(
                f"{name} and {found.lives[0].name} do not part: nothing but looks without consequence can differ.\n",
                markup=False,
            )
            continue
        before, after = parting.arms
        out.print(f"[bold]{escape(before)} and {escape(after)} part on day {parting.first.time:.1f}.[/bold]")
        out.print(f"Why: {parting.why}.", markup=False)
        out.print(f"What came of it: {parting.effect}.\n", markup=False)


def _worth(found: "Explanation") -> "Table":
    """The money line by line, one column an arm; the last columns are the differences from the first."""
    arms = [life.name for life in found.lives]
    differences = ["difference"] if len(arms) == 2 else [f"{arm} - {arms[0]}" for arm in arms[1:]]
    columns = [*arms, *differences]
    made = table("What it was worth, in dollars", "line", *map(escape, columns), right=[*map(escape, columns)])
    amounts = [{line.name: line for line in life.ledger.lines} for life in found.lives]
    _add(made, "revenue (not added up)", [life.quantities["revenue"] for life in found.lives])
    for name in sorted(dict.fromkeys(name for lines in amounts for name in lines), key=_place):
        sign = -1.0 if any(name in lines and lines[name].kind == "cost" for lines in amounts) else 1.0
        _add(made, _label(name), [sign * ((lines[name].amount if name in lines else 0.0) or 0.0) for lines in amounts])
    made.add_section()
    _add(made, "net", [life.ledger.net for life in found.lives])
    return made


def _place(name: str) -> int:
    """Where a line stands: what is worth something, then the actions, then the other costs."""
    return _OVERHEADS.index(name) + 2 if name in _OVERHEADS else int(name.startswith("actions."))


def _label(name: str) -> str:
    return _LINES.get(name, plain(name.removeprefix("actions.")))


def _add(made: "Table", label: str, amounts: Sequence[float]) -> None:
    differences = [amount - amounts[0] for amount in amounts[1:]]
    made.add_row(escape(label), *(_money(amount) for amount in amounts), *(_money(d, plus=True) for d in differences))


def _money(amount: float, *, plus: bool = False) -> str:
    rounded = round(amount, 2) or 0.0
    return f"{rounded:{'+' if plus and rounded else ''},.2f}"


def _print_how_it_was_done(out: "Console", found: "Explanation") -> None:
    out.print(
        f"All {found.customers:,} customers were simulated in every arm, because they share the reviewers; this is one "
        f"of them. What is marked as truth, nobody in the company sees. Seed {found.loaded.scenario.seed}, scenario "
        f"{found.loaded.hash}, engine {found.engine}. One life is an example: `journey compare` says what holds.",
        markup=False,
    )
