"""Memory: a run that will not fit is refused before it starts, with what would fit; a small run never is."""

import json
import subprocess
import sys

import pytest

from journey.core.errors import InputError
from scenarios.comparison.compare import compare
from scenarios.execution import memory
from scenarios.execution.memory import FOOTPRINTS, Workload, available_memory, refuse_what_does_not_fit
from scenarios.files.loader import load

GB = 1e9


def refusal(workload, available):
    with pytest.raises(InputError) as caught:
        refuse_what_does_not_fit(workload, available)
    return str(caught.value)


def test_the_message_names_the_estimate_the_available_memory_and_the_cure():
    message = refusal(Workload("reference", 1_000_000, 365, processes=4, runs=40), 8 * GB)
    assert "4 cohorts of 1,000,000 customers over 365 days" in message
    assert "20.8 GB" in message
    assert "8.0 GB are available" in message
    assert "Set population.size to 370,000 or fewer" in message
    assert "use --workers 1" in message
    assert "--engine compiled" in message


def test_what_the_message_proposes_fits():
    workload = Workload("reference", 1_000_000, 365, processes=4, runs=40)
    refusal(workload, 8 * GB)
    refuse_what_does_not_fit(Workload("reference", 370_000, 365, processes=4, runs=40), 8 * GB)
    refuse_what_does_not_fit(Workload("reference", 1_000_000, 365, processes=1, runs=40), 8 * GB)


def test_a_trace_takes_memory_and_can_be_left_out():
    without = Workload("reference", 400_000, 365)
    refuse_what_does_not_fit(without, 3 * GB)
    assert "run without a trace" in refusal(Workload("reference", 400_000, 365, trace=True), 3 * GB)


def test_where_not_even_one_customer_fits_no_size_is_proposed():
    assert "Set a smaller population.size" in refusal(Workload("compiled", 1_000_000, 365, processes=8), 0.5 * GB)


@pytest.mark.parametrize("available", [0, 1000, None])
@pytest.mark.parametrize("engine", FOOTPRINTS)
def test_a_small_run_is_never_refused(engine, available):
    refuse_what_does_not_fit(Workload(engine, 2000, 365, processes=2, runs=400), available)


def test_every_built_in_scenario_is_small():
    from scenarios.files.loader import builtin_names

    for name in builtin_names():
        loaded = load(name)
        size, runs = loaded.arms[0].population.size, loaded.scenario.replications * len(loaded.arms)
        workload = Workload("reference", size, loaded.scenario.horizon_days, processes=2, runs=runs)
        assert workload.cohort_bytes <= memory.NEGLIGIBLE_BYTES


def test_a_comparison_is_refused_before_it_starts(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 2 * GB)
    monkeypatch.setattr("simulation.runs.run.run_arm", lambda *_, **__: pytest.fail("a run was started"))
    with pytest.raises(InputError, match="this will not fit in memory"):
        compare(load("default", ["population.size=3000000"]), workers=2)


def test_where_the_system_reports_nothing_nothing_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: None)
    refuse_what_does_not_fit(Workload("reference", 10**9, 365))


def test_this_system_reports_its_memory():
    assert available_memory() is None or available_memory() > 10 * memory.MIB


def test_a_container_limit_counts_without_cached_files(tmp_path):
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.stat").write_text("anon 500\ninactive_file 200\n")
    assert memory._container_memory(tmp_path) == 500
    (tmp_path / "memory.max").write_text("max\n")
    assert memory._container_memory(tmp_path) is None
    assert memory._container_memory(tmp_path / "nowhere") is None


@pytest.mark.parametrize(("size", "text"), [(3.24e9, "3.2 GB"), (410e6, "410 MB")])
def test_amounts_as_text(size, text):
    assert memory.format_bytes(size) == text


MEASURE = """
import json, sys
from pathlib import Path
from scenarios.files.loader import load
from simulation.runs.run import run_arm
engine, size, days, trace = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4] == "trace"
def peak():
    # Not ru_maxrss, which starts with the memory of the parent process.
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
def simulate(size, days):
    arm = load("default", [f"population.size={size}"]).arms[1]
    options = {"seed": 1, "replication": 0, "days": days}
    if sys.argv[4] == "stream":
        # Imported here, because a program with only the reference engine is smaller.
        from simulation.compiled.engine import simulate_compiled
        from simulation.model.run_options import RunOptions
        from simulation.runs.cohort import build_cohort
        population = build_cohort(arm.population, arm.journey.compile(), seed=1, replication=0)
        return simulate_compiled([arm], population, RunOptions(**options), take_rows=lambda columns: None)
    return run_arm(arm, **options, engine=engine, trace=trace)
simulate(10, 5.0)
before = peak()
run = simulate(size, days)
print(json.dumps([before, (peak() - before) / size]))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
@pytest.mark.parametrize(
    ("engine", "size", "days", "trace"),
    [
        ("reference", 10_000, 30, ""),
        ("reference", 10_000, 365, ""),
        ("reference", 5_000, 365, "trace"),
        # Without a trace only customers that wait for a reviewer are kept: too few to measure over a month.
        ("compiled", 200_000, 365, ""),
        ("compiled", 20_000, 365, "trace"),
        ("compiled", 20_000, 365, "stream"),
        ("compiled", 300_000, 60, "stream"),
    ],
)
def test_the_figures_agree_with_measurements(engine, size, days, trace):
    """Within a factor of 1.6, because allocators round up and the interpreter keeps spare memory."""
    command = [sys.executable, "-c", MEASURE, engine, str(size), str(days), trace]
    # The first run compiles where necessary, because compiling takes memory that a later process does not need.
    subprocess.run([*command[:4], "10", "5", trace], check=True, capture_output=True)
    program, customer = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    stated = Workload(engine, size, days, trace=bool(trace), streamed=trace == "stream").cohort_bytes / size
    assert stated / 1.6 <= customer <= stated * 1.6
    assert FOOTPRINTS[engine].program / 1.6 <= program <= FOOTPRINTS[engine].program * 1.6


def test_the_marks_of_rules_are_a_part_of_the_estimate():
    without, marks = Workload("reference", 400_000, 365, trace=True), 1_000
    more = Workload("reference", 400_000, 365, trace=True, marks=marks)
    assert more.total - without.total == 400_000 * marks * FOOTPRINTS["reference"].mark
    untraced = Workload("compiled", 1_000_000, 365, marks=marks)
    # The compiled engine keeps the state of some customers only.
    assert 0 < untraced.total - Workload("compiled", 1_000_000, 365).total < 1_000_000 * marks * 8
