"""Print results, and write them to ``benchmarks/RESULTS.md``."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.machine import between
from benchmarks.tables import Beside, Figure, Reported, shown

RESULTS = Path(__file__).parent / "RESULTS.md"
COLUMNS = ("what", "value", "unit", "aim", "met", "note")
RIGHT = ("value",)


class Section(NamedTuple):
    """One benchmark's results.

    Attributes:
        name: Its name.
        about: What it measures, and how.
        rows: Figures and tables.
        seconds: How long it took.
        failure: What went wrong; empty when nothing did.
        paces: What `benchmarks.machine.pace` was before and after.
    """

    name: str
    about: str
    rows: tuple[Reported, ...]
    seconds: float
    failure: str = ""
    paces: tuple[float, ...] = ()

    @property
    def figures(self) -> list[Figure]:
        """The rows with single numbers."""
        return [row for row in self.rows if isinstance(row, Figure)]

    @property
    def tables(self) -> list[Beside]:
        """The additional tables."""
        return [row for row in self.rows if isinstance(row, Beside)]


def _cells(figure: Figure) -> list[str]:
    aim, met = ("", "") if figure.aim is None else (str(figure.aim), _met(figure))
    return [figure.name, shown(figure.value), figure.unit, aim, met, figure.note]


def _met(figure: Figure) -> str:
    return "yes" if figure.aim is not None and figure.aim.met(figure.value) else "NO"


def print_section(console: Console, section: Section) -> None:
    """Print the tables."""
    if section.failure:
        console.print(f"{section.name} failed: {section.failure}", markup=False, highlight=False)
        return
    console.print(_printed(section.name, COLUMNS, [_cells(figure) for figure in section.figures], RIGHT))
    for beside in section.tables:
        console.print(_printed(beside.title, beside.columns, beside.rows, beside.right))
        for note in beside.notes:
            console.print(note, markup=False, highlight=False)


def _printed(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left")
    for row in rows:
        table.add_row(*map(escape, row))
    return table


def as_markdown(about: Sequence[str], sections: Sequence[Section]) -> str:
    """The results as one document: figures with an aim first, then each benchmark with its method."""
    aimed = [(section.name, figure) for section in sections for figure in section.figures if figure.aim is not None]
    met = sum(_met(figure) == "yes" for _, figure in aimed)
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`; not to be edited by hand. What is compared was measured in one run.",
        "",
        *(f"* {line}" for line in (*about, *_pace(sections))),
        f"* Took {sum(section.seconds for section in sections) / 60:.0f} minutes",
        "",
        f"## Aims: {met} of {len(aimed)} met",
        "",
        *_lines(("benchmark", *COLUMNS[:-1]), [[name, *_cells(figure)[:-1]] for name, figure in aimed], RIGHT),
    ]
    for section in sections:
        lines += ["", f"## {section.name}", "", " ".join((section.about, *_meanwhile(section))), ""]
        if section.failure:
            lines.append(f"**Failed**: `{section.failure}`")
            continue
        lines += _lines(COLUMNS, [_cells(figure) for figure in section.figures], RIGHT)
        for beside in section.tables:
            lines += ["", f"### {beside.title}", "", *_lines(beside.columns, beside.rows, beside.right)]
            lines += ["", *(f"* {note}" for note in beside.notes)]
    return "\n".join(lines) + "\n"


def _pace(sections: Sequence[Section]) -> list[str]:
    paces = [pace for section in sections for pace in section.paces]
    if not paces:
        return []
    took = f"the same loop took {between(paces)}, before and after each benchmark"
    return [f"Pace: {took}; what lies above the least is the machine's doing, and slows what is measured meanwhile"]


def _meanwhile(section: Section) -> list[str]:
    return [f"(Pace: {between(section.paces)}.)"] if section.paces else []


def _lines(columns: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str]) -> list[str]:
    marks = ["---:" if column in right else "---" for column in columns]
    return [_line(columns), _line(marks), *map(_line, rows)]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
