"""Ratios to a saved run: corrected for the machine's pace, with an interval over processes."""

import numpy as np
import pytest

from scenarios.latency.against import compare_runs
from scenarios.latency.saved_run import SavedRun

PERCENTILES = ("p50_us", "p90_us", "p99_us", "max_us")


def run_of(latencies, paces, **changes):
    """A run whose every time is this latency, one value per process."""
    processes = [
        {
            "pace_us": pace,
            **{way: dict.fromkeys(PERCENTILES, time) for way in ("single", "with_reasons")},
            "batch_us_per_customer": time,
        }
        for time, pace in zip(latencies, paces, strict=True)
    ]
    return SavedRun.model_validate(
        {
            "version": "1", "source": "records", "as_of": "2030-01-01", "policy": "default", "customers": 10,
            "rows": {"customers": 10}, "machine": {"processor": "A", "system": "L", "python": "3"},
            "rounds": 4 * len(processes), "by_process": processes,
        } | changes
    )  # fmt: skip


def test_a_slower_machine_is_no_slower_program():
    saved = run_of([20.0, 20.0, 20.0, 20.0], [400.0] * 4)
    comparison = compare_runs(run_of([30.0] * 4, [600.0] * 4), saved, "saved.json")
    assert comparison.pace_ratio == pytest.approx(1.5)
    for each in comparison.ratios:
        assert (each.ratio, each.ci_low, each.ci_high) == pytest.approx((1.0, 1.0, 1.0))
        assert each.uncorrected_ratio == pytest.approx(1.5)
        assert (each.value_us, each.saved_us) == (30.0, 20.0)


def test_a_slower_program_on_a_faster_machine_is_noticed():
    comparison = compare_runs(run_of([20.0] * 5, [200.0] * 5), run_of([20.0] * 5, [400.0] * 5), "saved.json")
    assert comparison.ratios[0].ratio == pytest.approx(2.0)
    assert comparison.ratios[0].uncorrected_ratio == 1.0


@pytest.mark.parametrize(
    ("now", "then", "has_interval"), [(4, 4, True), (3, 3, False), (1, 20, False), (3, 5, True), (5, 5, True)]
)
def test_the_interval_needs_enough_processes_in_both_runs(now, then, has_interval):
    ratio = compare_runs(run_of([1.0] * now, [1.0] * now), run_of([1.0] * then, [1.0] * then), "f").ratios[0]
    assert (ratio.ci_low is not None, ratio.ci_high is not None) == (has_interval, has_interval)


def test_the_interval_covers_the_ratio_of_two_programs_whatever_the_machines_do():
    """1,000 pairs of runs of five processes; the standard error is 0.7 points, so 93 % is 3 of them below 95 %.

    Each process has its own speed (2 %), the machine another pace in each process (20 %), measured with an error (1 %).
    """
    draw, covered, pairs = np.random.default_rng(19), 0, 1_000
    for _ in range(pairs):
        paces = 400.0 * np.exp(0.2 * draw.standard_normal((2, 5)))
        latencies = paces / 20.0 * np.exp(0.02 * draw.standard_normal((2, 5)))
        latencies[1] *= 1.2
        measured = paces * np.exp(0.01 * draw.standard_normal((2, 5)))
        ratio = compare_runs(run_of(latencies[1], measured[1]), run_of(latencies[0], measured[0]), "f").ratios[0]
        covered += ratio.ci_low <= 1.2 <= ratio.ci_high
    assert covered / pairs >= 0.93


def test_whatever_else_differs_is_stated():
    now = run_of([1.0], [1.0], customers=20, policy="mine", machine={"processor": "B", "system": "L", "python": "3"})
    assert compare_runs(now, run_of([1.0], [1.0]), "f").differences == (
        "customers: 10 in the saved run, 20 now",
        "policy: default in the saved run, mine now",
        "processor: A in the saved run, B now",
    )
    more = compare_runs(run_of([1.0], [1.0], rows={"customers": 10, "signals": 3}), run_of([1.0], [1.0]), "f")
    rounds = compare_runs(run_of([1.0] * 5, [1.0] * 5), run_of([1.0] * 2, [1.0] * 2, rounds=20), "f")
    assert rounds.differences == ("rounds in each process: 10 in the saved run, 4 now",)
    assert more.differences == ("records by set: customers 10 in the saved run, customers 10, signals 3 now",)


def test_a_run_without_a_batch_is_compared_without_it():
    now = run_of([1.0], [1.0])
    process = now.by_process[0].model_copy(update={"batch_us_per_customer": None})
    without = now.model_copy(update={"by_process": [process]})
    assert [ratio.name for ratio in compare_runs(without, now, "f").ratios][-1] == "single.max"
