"""The result of a benchmark from the times of its processes."""

import pytest

from journey.decision.policy import Policy
from journey.evaluation.used_rules import UsedRules
from journey.machine import default_journey
from scenarios.latency.benchmark import Requests, build_benchmark, find_signal_range
from scenarios.latency.budget import parse_budget
from scenarios.latency.saved_run import read_run, write_run
from tests.scenarios.latency.measured import process_times


def build(times, requests=None, *, interrupted=False):
    rules = (Policy(), default_journey())
    return build_benchmark(times, rules, UsedRules.of(None, None), requests or Requests(), interrupted=interrupted)


TWO = (
    process_times([4_000, 9_000, 3_000, 2_000], [2_000, 2_000, 2_000, 2_000]),
    process_times([5_000, 1_000, 3_500, 8_000], [3_000, 1_000, 2_500, 4_000], pace=2_000.0, batch=6_000),
)
"""The best of the two: 4, 1, 3 and 2 microseconds with reasons; 2, 1, 2 and 2 without."""


def test_a_latency_is_the_best_of_all_processes_and_percentiles_are_over_customers():
    found = build(TWO).to_dict()
    assert found["with_reasons"] == {"p50_us": 2.0, "p90_us": 4.0, "p99_us": 4.0, "max_us": 4.0}
    assert found["single"] == {"p50_us": 2.0, "p90_us": 2.0, "p99_us": 2.0, "max_us": 2.0}
    assert (found["customers"], found["processes"], found["rounds"]) == (4, 2, 4)
    assert [each["with_reasons"]["p50_us"] for each in found["by_process"]] == [3.0, 3.5]
    assert [each["pace_us"] for each in found["by_process"]] == [1.0, 2.0]


@pytest.mark.parametrize(("times", "end"), [(TWO, "4 rounds in 2 processes"), (TWO[:1], "2 rounds in 1 process")])
def test_the_text_counts_rounds_and_processes(times, end):
    assert repr(build(times)).endswith(end)


def test_stages_are_in_the_order_of_the_journey_then_unknown_ones_then_none():
    groups = build(TWO).to_dict()["by_stage"]
    assert [group["stage"] for group in groups] == ["onboarding", "support", "limbo", None]
    assert [group["with_reasons"]["p50_us"] for group in groups] == [3.0, 4.0, 2.0, 1.0]


def test_numbers_of_signals_are_grouped_by_doubling():
    groups = build(TWO).to_dict()["by_signals"]
    assert [(group["signals_from"], group["signals_to"], group["customers"]) for group in groups] == [
        (0, 0, 1), (3, 4, 2), (9, 16, 1),
    ]  # fmt: skip


@pytest.mark.parametrize("number", [*range(70), 1_000, 2**20, 2**20 + 1])
def test_every_number_of_signals_is_in_one_group(number):
    least, most = find_signal_range(number)
    assert least <= number <= most
    assert find_signal_range(least) == find_signal_range(most) == (least, most)


def test_the_batch_is_the_best_of_the_processes():
    batch = build(TWO).batch
    assert (batch.us_per_customer, batch.customers_per_second) == (1.5, pytest.approx(2e6 / 3))
    assert (batch.peak_memory_bytes, batch.added_memory_bytes) == (100, 10)


def test_without_a_complete_batch_its_numbers_are_unknown_and_its_budget_does_not_hold():
    times = [process_times([1] * 4, [1] * 4, batch=None, interrupted=True)]
    result = build(times, Requests([parse_budget("customers_per_second=1")]), interrupted=True)
    assert result.to_dict()["batch"]["customers_per_second"] is None
    assert not result.ok


def test_the_data_frame_has_all_customers_then_stages_then_numbers_of_signals():
    rows = build(TWO).to_relation().fetchall()
    assert len(rows) == 2 * (1 + 4 + 3)
    assert rows[0] == (True, None, None, None, 4, 2.0, 4.0, 4.0, 4.0)
    assert rows[2][:5] == (True, "onboarding", None, None, 1)
    assert rows[-1][:5] == (False, None, 9, 16, 1)


def test_a_saved_run_is_read_as_it_was_written(tmp_path):
    result = build(TWO)
    write_run(tmp_path / "run.json", result.to_dict())
    saved = read_run(tmp_path / "run.json")
    assert [each.model_dump() for each in saved.by_process] == result.by_process
    assert saved.rows == {"customers": 4}
    against = build(TWO, Requests((), (saved, "run.json"))).against
    assert against.pace_ratio == 1.0
    assert against.differences == ()
    assert {ratio.ratio for ratio in against.ratios} == {1.0}
    assert [ratio.name for ratio in against.ratios][::4] == ["with_reasons.p50", "single.p50", "batch"]
