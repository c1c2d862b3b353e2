"""Choosing an engine: what is asked for is what runs, and small work never waits for the compiler."""

import pytest

from simulation.run import WORTH_COMPILING, engine_for, run_arm
from tests.simulation.worlds import arm


def test_auto_takes_the_reference_engine_for_small_work_and_the_compiled_one_for_large():
    assert engine_for("auto", 2000 * 365) == "reference"
    assert engine_for("auto", WORTH_COMPILING) == "compiled"


@pytest.mark.parametrize("name", ["reference", "compiled"])
def test_an_engine_asked_for_by_name_is_the_one_that_runs_and_says_so(name):
    assert engine_for(name, 1.0) == name
    assert run_arm(arm(), seed=1, replication=0, days=30.0, engine=name).engine == name


def test_small_work_runs_on_the_reference_engine():
    assert run_arm(arm(), seed=1, replication=0, days=30.0, engine="auto").engine == "reference"
