"""`journeylab.benchmark`."""

import json

import pytest

import journeylab as jl
from scenarios.latency import rounds
from scenarios.latency.workload import Workload


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Batches that do nothing, so that nothing is compiled, and few evaluations."""
    monkeypatch.setattr(rounds, "EVALUATIONS_PER_ROUND", 20)
    monkeypatch.setattr(Workload, "run_batch", lambda _self: None)


def test_records_in_memory_are_measured_and_saved(tmp_path):
    customers = [{"customer_id": f"C{n}"} for n in range(3)]
    file = tmp_path / "run.json"
    result = jl.benchmark({"customers": customers}, as_of="2030-01-01", rounds=2, budgets=["p99=1s"], save=file)
    assert (result.customers, result.rounds, result.ok) == (3, 2, True)
    assert json.loads(file.read_text()) == result.to_dict()
    again = jl.benchmark({"customers": customers}, as_of="2030-01-01", rounds=2, against=file, budgets=["max=1ns"])
    assert again.against.differences == ()
    assert not again.ok
    assert "3 customers (" in repr(again)


def test_records_in_memory_cannot_be_sent_to_other_processes():
    with pytest.raises(jl.InputError, match="processes=2: other processes cannot read records in memory"):
        jl.benchmark({"customers": [{"customer_id": "A"}]}, as_of="2030-01-01", processes=2)


@pytest.mark.parametrize("options", [{"rounds": 0}, {"processes": 0}])
def test_a_number_below_one_is_refused(options):
    (name,) = options
    with pytest.raises(jl.InputError, match=f"{name} 0: must be at least 1"):
        jl.benchmark(**options)


def test_ctrl_c_is_raised_and_nothing_is_saved(monkeypatch, tmp_path):
    calls = iter(range(3))

    def stop(_self):
        if next(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Workload, "run_batch", stop)
    with pytest.raises(KeyboardInterrupt):
        jl.benchmark(rounds=5, save=tmp_path / "run.json")
    assert not (tmp_path / "run.json").exists()
