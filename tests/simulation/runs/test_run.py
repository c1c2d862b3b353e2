"""Choosing an engine: the requested engine runs, and small runs never wait for the compiler."""

import pytest

from simulation.model import arm as arm_module
from simulation.runs.run import run_arm
from tests.simulation.worlds import arm


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["reference", "compiled"])
def test_an_engine_asked_for_by_name_is_the_one_that_runs_and_says_so(name):
    assert run_arm(arm(), seed=1, replication=0, days=30.0, engine=name).engine == name


def test_small_work_runs_on_the_reference_engine():
    assert run_arm(arm(), seed=1, replication=0, days=30.0, engine="auto").engine == "reference"


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["reference", "compiled"])
def test_an_arm_is_compiled_once_for_all_its_runs_and_again_for_another(monkeypatch, name):
    resolved = []
    resolve = arm_module._build_compiled_arm
    monkeypatch.setattr(arm_module, "_build_compiled_arm", lambda *asked: resolved.append(asked) or resolve(*asked))
    first, second = arm(), arm()
    for each in (first, first, second, first):
        run_arm(each, seed=1, replication=0, days=10.0, engine=name)
    assert [asked[0] for asked in resolved] == [first, second]
    assert resolved[0][0] is first


@pytest.mark.compiled
@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_what_is_cached_of_an_arm_depends_on_neither_seed_nor_earlier_runs(engine):
    def lives(each, **how):
        run = run_arm(each, engine=engine, trace=True, **{"seed": 1, "replication": 0, "days": 60.0, **how})
        return run.trace.sorted_rows()

    asked = [{}, {"seed": 2}, {"replication": 1}, {"days": 30.0}, {}]
    for changes in ({}, {"population": {"records": "bundled", "size": 40, "segments": {}}}):
        one = arm(**changes)
        after_each_other = [lives(one, **how) for how in asked]
        assert after_each_other == [lives(arm(**changes), **how) for how in asked]
        assert after_each_other[0] == after_each_other[-1]
        assert after_each_other[0] not in after_each_other[1:-1]
