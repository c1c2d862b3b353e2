"""Run the benchmarks and print one table: ``python -m benchmarks [NAME ...]``.

Each module ``benchmarks/bench_NAME.py`` has a function ``run()`` that returns rows with ``name``, ``value``, ``unit``
and ``note``. What is compared is measured in the same run.
"""

import platform
import sys
from importlib import import_module, metadata
from pathlib import Path

from rich.console import Console
from rich.table import Table


def _modules(wanted):
    names = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
    unknown = set(wanted) - set(names)
    if unknown:
        raise SystemExit(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return [name for name in names if not wanted or name in wanted]


def _shown(value):
    return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def main():
    """Run the benchmarks named on the command line, or all."""
    console = Console()
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("numpy", "numba", "duckdb", "simpy"))
    console.print(f"Python {platform.python_version()}, {versions}, {platform.machine()}")
    for name in _modules(sys.argv[1:]):
        table = Table(title=name, title_justify="left")
        for column, justify in (("what", "left"), ("value", "right"), ("unit", "left"), ("note", "left")):
            table.add_column(column, justify=justify)
        for row in import_module(f"benchmarks.bench_{name}").run():
            table.add_row(row["name"], _shown(row["value"]), row["unit"], row.get("note", ""))
        console.print(table)


if __name__ == "__main__":
    main()
