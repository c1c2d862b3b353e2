"""The rungs of the ladder simulate the same journey."""

import pytest

from benchmarks import ladder
from benchmarks.bench_limit import ENGINE, LARGEST_Z, WALK, _rungs, _table
from benchmarks.peers.exact import worst
from benchmarks.peers.model import DAYS, STAGES, Result


@pytest.mark.slow
@pytest.mark.parametrize("rung", ladder.RUNGS)
def test_a_rung_simulates_the_exact_journey(rung):
    found = ladder.run(rung, 50_000, 3)
    assert worst(found, customers=50_000, days=DAYS, clock="continuous") < LARGEST_Z


@pytest.mark.slow
def test_a_rung_adds_work_and_changes_no_result():
    results = [ladder.run(rung, 2_000, 3) for rung in ladder.RUNGS]
    assert results == results[:1] * len(ladder.RUNGS)


def test_the_shares_of_the_rungs_add_up_to_the_difference():
    names = list(_rungs())
    assert (names[0], names[-1]) == (WALK, ENGINE)
    result = Result(1_000_000, dict.fromkeys(STAGES, 1), 1, 1)
    table = _table(
        {name: 1.0 + number for number, name in enumerate(names)},
        dict.fromkeys(names, result),
        dict.fromkeys(names, 0.0),
    )
    shares = [row[table.columns.index("share of the difference")] for row in table.rows]
    assert shares == ["", *[f"{100 / (len(names) - 1):.0f} %"] * (len(names) - 1)]
