"""A million recorded customers: read, evaluated, checked, counted and written, phase by phase.

The rules are one source: the compiled ones give, field by field, what they give one customer at a time
(`tests/journey/evaluation/test_evaluation_at_scale.py`), so the ratio of the two is the price of going through objects.
"""

import tempfile
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, NamedTuple

from benchmarks.bench_loading import make_company
from benchmarks.measuring import journey, measured_apart
from benchmarks.tables import at_most

CUSTOMERS = 1_000_000
SIGNALS_EACH = 3
ONE_BY_ONE = 20_000
READS = 9
"""Number of measurements of reading and deciding; the minimum counts, because other load only adds time."""


def run() -> list[dict[str, Any]]:
    """Measure; one row for each figure."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "records"
        folder.mkdir()
        make_company(folder, CUSTOMERS, signals_each=SIGNALS_EACH)
        rows = measured_apart("benchmarks.bench_evaluate_scale:phases", str(folder))
        return [{**row, **_AIMS.get(row["name"], {})} for row in [*rows, *_command(folder)]]


_AIMS = {"read a folder and judge": {"aim": at_most(3.0)}}


def phases(folder: str) -> list[dict[str, Any]]:
    """The phases of an evaluation in a process of its own."""
    from benchmarks.measuring import peak_bytes
    from journey.batch import evaluate_batch, evaluate_folder
    from journey.batch.output import write_decisions
    from journey.checks import check
    from journey.decision.rules import NOT_LIVE
    from journey.kpis import collect_facts, compute_kpis
    from journey.records.folder import Records, read_folder

    # Load compiled code from the cache, or compile it.
    evaluate_batch(Records.from_tables({"customers": [{"customer_id": "A"}]}), "2030-01-01")
    whole, _ = min((_timed(lambda: evaluate_folder(folder)) for _ in range(READS)), key=lambda found: found[0].wall)
    reading, records = _timed(lambda: read_folder(folder))
    judging, table = _timed(lambda: evaluate_batch(records))
    decided = peak_bytes()
    severities, ended = table.columns.severity.tolist(), (table.columns.reason == NOT_LIVE).tolist()
    checking, report = _timed(lambda: check(records, as_of=table.as_of.cutoff))
    orchestrator = table.orchestrator
    counting, _ = _timed(
        lambda: compute_kpis(
            collect_facts(records, orchestrator, table.as_of, severities, ended), records, orchestrator
        )
    )
    asked, _ = _timed(lambda: (table.breakdown(), table.decisions(table.top_priority(50).tolist())))
    writing, _ = _timed(lambda: write_decisions(table, Path(folder) / "decisions.parquet"))
    single = _one_by_one(table) * CUSTOMERS
    each = f"{CUSTOMERS:,} customers, {SIGNALS_EACH} signals each, Parquet"
    findings = f"{sum(report.counts.values()):,} findings, each with its sentence, in the database"
    return [
        _taken("read a folder and judge", whole, f"`evaluate_folder`, {each}; best of {READS}"),
        _taken("read", reading, "every row validated, with detection of duplicates"),
        _taken("judge", judging, "columns joined and sorted by case, compiled rules on every core"),
        _taken("check", checking, findings),
        _taken("KPIs and ledger's facts", counting, "in SQL, with one object per recorded intervention"),
        _taken("breakdown, and the 50 foremost with reasons", asked, "what the command prints"),
        _taken("write every decision to Parquet", writing, "names of signals joined in the database"),
        _row("judge one by one", single, "s", f"with reasons; from {ONE_BY_ONE:,} customers"),
        _row("one by one / at once", single / judging.wall, "times", "the same decisions"),
        _row("memory until judged", decided / 1e9, "GB", f"peak of the process, {READS + 1} times read"),
        _row("memory in all", peak_bytes() / 1e9, "GB", "peak of the process; the checks need the most"),
    ]


def _one_by_one(table: Any) -> float:
    """Seconds per customer if evaluated one by one, including reading objects and writing reasons."""
    from journey.orchestrator.case_reader import CaseReader

    cases = CaseReader(table.records).read_all()
    next(cases)
    taken, _ = _timed(
        lambda: [table.orchestrator.evaluate_customer(*case, as_of=table.as_of) for case in islice(cases, ONE_BY_ONE)]
    )
    return taken.wall / ONE_BY_ONE


def _command(folder: Path) -> list[dict[str, Any]]:
    done = journey("evaluate", str(folder), "--decisions", str(folder.parent / "out.parquet"))
    return [
        _row("journey evaluate FOLDER --decisions F.parquet", done.seconds, "s", "whole command, including startup"),
        _row("its memory", done.peak / 1e9, "GB", "peak"),
    ]


def _row(name: str, value: float, unit: str, note: str) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "note": note}


class _Taken(NamedTuple):
    """Wall-clock seconds, and CPU seconds of all cores; on a shared machine only the second is meaningful."""

    wall: float
    cpu: float


def _taken(name: str, taken: _Taken, note: str) -> dict[str, Any]:
    return _row(name, taken.wall, "s", f"{taken.cpu:.1f} s of all cores; {note}")


def _timed(work: Callable[[], Any]) -> tuple[_Taken, Any]:
    started, used = perf_counter(), process_time()
    found = work()
    return _Taken(perf_counter() - started, process_time() - used), found
