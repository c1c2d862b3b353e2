"""Run the benchmarks: ``python -m benchmarks [NAME ...]``.

Each module ``benchmarks/bench_NAME.py`` has a function ``run()`` that returns what `benchmarks.tables` describes. What
is compared is measured in the same run. All of them together are stored as ``benchmarks/RESULTS.md``; some are printed
only.
"""

import gc
import sys
import traceback
from importlib import import_module
from pathlib import Path
from time import perf_counter

from rich.console import Console

from benchmarks.machine import machine_lines, pace
from benchmarks.results import RESULTS, Section, as_markdown, print_section
from benchmarks.tables import Reported, reported

INTERRUPTED = 130


def main() -> None:
    """Run the benchmarks named on the command line, or all."""
    names = _names(sys.argv[1:])
    console = Console()
    about = machine_lines()
    for line in about:
        console.print(line, markup=False, highlight=False)
    sections, started = [], perf_counter()
    try:
        for name in names:
            sections.append(_measured(name))
            print_section(console, sections[-1])
    except KeyboardInterrupt:
        console.print("interrupted; nothing was stored")
        raise SystemExit(INTERRUPTED) from None
    console.print(f"{perf_counter() - started:,.0f} s in all", highlight=False)
    if not sys.argv[1:]:
        RESULTS.write_text(as_markdown(about, sections), encoding="utf-8")
        console.print(f"wrote {RESULTS}", highlight=False)
    failed = [section.name for section in sections if section.failure]
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


def _names(wanted: list[str]) -> list[str]:
    names = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
    unknown = set(wanted) - set(names)
    if unknown:
        raise SystemExit(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return [name for name in names if not wanted or name in wanted]


def _measured(name: str) -> Section:
    """One benchmark's results, or its error message; the other benchmarks continue."""
    before, started = pace(), perf_counter()
    module = import_module(f"benchmarks.bench_{name}")
    rows: tuple[Reported, ...] = ()
    failure = ""
    try:
        rows = tuple(reported(row) for row in module.run())
    except Exception as error:  # noqa: BLE001
        traceback.print_exc()
        failure = f"{type(error).__name__}: {error}"
    seconds = perf_counter() - started
    # Free the memory of one benchmark before the next.
    gc.collect()
    return Section(name, " ".join((module.__doc__ or "").split()), rows, seconds, failure, (before, pace()))


if __name__ == "__main__":
    main()
