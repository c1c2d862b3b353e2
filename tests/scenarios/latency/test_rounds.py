"""The measurement of one process, with clocks whose readings are known."""

import numpy as np
import pytest

from journey.decision.as_of import AsOf
from journey.orchestrator import Orchestrator
from journey.records.folder import bundled_folder, read_folder
from scenarios.latency import rounds, workload
from scenarios.latency.rounds import measure_rounds
from scenarios.latency.workload import Workload
from tests.scenarios.latency.measured import SteppingClock


@pytest.fixture(scope="module")
def records():
    return read_folder(bundled_folder())


@pytest.fixture
def bundled(records, monkeypatch):
    """The bundled ten as a workload whose batch does nothing and that is measured once a round."""
    monkeypatch.setattr(rounds, "EVALUATIONS_PER_ROUND", 10)
    monkeypatch.setattr(Workload, "run_batch", lambda _self: None)
    return Workload(records, Orchestrator(), AsOf.of("2025-01-20"))


def test_a_latency_is_the_time_between_two_readings_of_the_clock(bundled):
    times = measure_rounds(bundled, 2, SteppingClock())
    assert times.single.tolist() == times.with_reasons.tolist() == [1_000] * 10
    assert (times.rounds, times.passes, times.warm_up, times.pace_ns, times.batch_ns) == (2, 1, 10, 1_000, 1_000)
    assert (times.timer.step_ns, times.timer.overhead_ns) == (1_000, 1_000)


def test_stages_and_signals_are_those_of_the_records(bundled):
    customers = measure_rounds(bundled, 2, SteppingClock()).customers
    assert customers.stages[:2] == ("onboarding", "onboarding")
    assert (len(customers.stages), sum(customers.signals)) == (10, 11)
    assert customers.rows["customers"] == 10


@pytest.mark.parametrize(("before", "peak", "added"), [(100, 130, 30), (100, 100, 0), (100, 96, 0), (None, 96, None)])
def test_a_batch_adds_no_negative_memory(bundled, monkeypatch, before, peak, added):
    monkeypatch.setattr(rounds, "reset_peak_bytes", lambda: before)
    monkeypatch.setattr(rounds, "read_peak_bytes", lambda: peak)
    assert measure_rounds(bundled, 1, SteppingClock()).batch_added_bytes == added


class PausingOrchestrator(Orchestrator):
    """Advances a clock by 100 ns, or by 900 ns where a pause meets the evaluation; without reasons by 40 ns less."""

    def __init__(self, pauses):
        super().__init__()
        self.now, self.evaluations, self.pauses = 0, 0, pauses

    def evaluate_customer(self, *case, as_of, with_reasons=True):
        self.evaluations += 1
        self.now += (900 if self.pauses(self.evaluations) else 100) - (0 if with_reasons else 40)
        return super().evaluate_customer(*case, as_of=as_of, with_reasons=with_reasons)

    def clock(self):
        return self.now


@pytest.mark.parametrize("every", [7, 10, 20])
def test_a_pause_that_comes_at_regular_intervals_is_not_part_of_any_latency(bundled, every):
    """Every 20 evaluations is once a round, at the same place of each round."""
    bundled.orchestrator = PausingOrchestrator(lambda number: number % every == 0)
    times = measure_rounds(bundled, 5, bundled.orchestrator.clock)
    assert times.with_reasons.tolist() == [100] * 10
    assert times.single.tolist() == [60] * 10


def test_few_customers_are_evaluated_several_times_in_a_round(bundled, monkeypatch):
    monkeypatch.setattr(rounds, "EVALUATIONS_PER_ROUND", 35)
    bundled.orchestrator = PausingOrchestrator(lambda _: False)
    times = measure_rounds(bundled, 3, bundled.orchestrator.clock)
    # Warm-up and three rounds, with reasons and without, four times ten customers each.
    assert (times.passes, times.warm_up, bundled.orchestrator.evaluations) == (4, 40, 4 * 2 * 40)


def test_large_folders_are_read_again_in_each_round_with_the_same_result(bundled, monkeypatch):
    kept = measure_rounds(bundled, 2, SteppingClock()).customers
    monkeypatch.setattr(workload, "KEPT_CUSTOMERS", 3)
    monkeypatch.setattr(workload, "BLOCK_CUSTOMERS", 4)
    times = measure_rounds(Workload(bundled.records, bundled.orchestrator, bundled.as_of), 2, SteppingClock())
    assert times.customers == kept
    assert times.single.tolist() == [1_000] * 10


@pytest.mark.parametrize(("processes", "planned"), [(1, 20), (5, 4), (3, 7)])
def test_processes_share_the_default_number_of_rounds(bundled, processes, planned):
    assert measure_rounds(bundled, None, SteppingClock(), processes=processes).rounds == planned


def test_the_steps_are_reported(bundled):
    steps = []
    measure_rounds(bundled, 2, SteppingClock(), steps.append)
    assert steps == [
        "warm-up", "round 1 of 2, 0 of 10 customers", "round 1 of 2, batch",
        "round 2 of 2, 0 of 10 customers", "round 2 of 2, batch",
    ]  # fmt: skip


def readings_of(bundled, number_of_rounds):
    """How often the clock is read in a complete measurement."""
    clock = SteppingClock()
    measure_rounds(bundled, number_of_rounds, clock)
    return clock.readings


def test_ctrl_c_keeps_the_complete_rounds(bundled):
    times = measure_rounds(bundled, 5, SteppingClock(readings_of(bundled, 3) + 5))
    assert (times.rounds, times.interrupted, len(times.single)) == (3, True, 10)


def test_ctrl_c_in_the_first_round_keeps_the_customers_measured_so_far(bundled, monkeypatch):
    monkeypatch.setattr(workload, "BLOCK_CUSTOMERS", 4)
    # In the last of three blocks, of two customers; then the batch reads the clock twice.
    times = measure_rounds(bundled, 5, SteppingClock(readings_of(bundled, 1) - 2 - 5))
    assert (times.rounds, times.interrupted, times.batch_ns) == (1, True, None)
    assert len(times.single) == len(times.with_reasons) == len(times.customers.stages) == 8


def test_ctrl_c_before_any_customer_is_ctrl_c(bundled):
    with pytest.raises(KeyboardInterrupt):
        measure_rounds(bundled, 5, SteppingClock(rounds_start := 4_010))
    assert rounds_start > 2 * 2_000, "after the timer was measured"


def test_ctrl_c_in_a_query_is_ctrl_c_and_another_error_is_not(bundled, monkeypatch):
    def fail(message):
        def run_batch(_self):
            raise RuntimeError(message)

        return run_batch

    monkeypatch.setattr(Workload, "run_batch", fail("Query interrupted"))
    with pytest.raises(KeyboardInterrupt):
        measure_rounds(bundled, 1, SteppingClock())
    monkeypatch.setattr(Workload, "run_batch", fail("out of paper"))
    with pytest.raises(RuntimeError, match="out of paper"):
        measure_rounds(bundled, 1, SteppingClock())


def test_the_best_of_two_rounds_is_by_customer(bundled, monkeypatch):
    # In each round another half of the customers is slow.
    def slow_half(number):
        round_number, place = divmod(number - 1, 20)
        return (place % 10 < 5) == (round_number % 2 == 0)

    monkeypatch.setattr(rounds, "_GOLDEN", 0.0)
    bundled.orchestrator = PausingOrchestrator(slow_half)
    times = measure_rounds(bundled, 2, bundled.orchestrator.clock)
    assert np.all(times.with_reasons == 100)


def test_a_clock_that_stands_still_counts_as_one_nanosecond(bundled):
    times = measure_rounds(bundled, 1, lambda: 5)
    assert set(times.single.tolist()) == {1}
    assert (times.pace_ns, times.batch_ns, times.timer.step_ns) == (1, 1, 0)
