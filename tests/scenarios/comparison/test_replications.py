"""Running replications: in order, independent of the workers, and interruptions are reported."""

import pytest

from scenarios.comparison.options import ReplicationOptions
from scenarios.comparison.replications import replicate
from scenarios.execution.protocol import WorkerDiedError
from scenarios.files.loader import load
from tests.scenarios import fakes


@pytest.fixture(scope="module")
def setups():
    return load("default").arms


def test_the_number_of_workers_changes_nothing(setups):
    alone = replicate(setups, ReplicationOptions(run_arm=fakes.planted), seed=3, replications=5, days=10)
    together = replicate(setups, ReplicationOptions(workers=3, run_arm=fakes.planted), seed=3, replications=5, days=10)
    assert together == alone
    assert [[run.arm for run in arms] for arms in alone.runs] == [["baseline", "treated"]] * 5


def test_progress_is_reported_at_the_start_and_after_each_run(setups):
    progress = []
    replicate(
        setups,
        ReplicationOptions(
            run_arm=fakes.planted, progress=lambda standing: progress.append((standing.done, standing.total))
        ),
        seed=1,
        replications=2,
        days=1,
    )
    assert progress[:5] == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]


def test_an_interruption_keeps_what_is_complete(setups):
    found = replicate(
        setups, ReplicationOptions(run_arm=fakes.interrupted_in_the_third), seed=1, replications=9, days=1
    )
    assert found.interrupted
    assert (
        found.runs == replicate(setups, ReplicationOptions(run_arm=fakes.planted), seed=1, replications=2, days=1).runs
    )


def test_an_interruption_between_two_runs_keeps_what_can_be_repeated(setups):
    def stop_after_five(standing):
        if standing.done == 5:
            raise KeyboardInterrupt

    found = replicate(
        setups, ReplicationOptions(run_arm=fakes.planted, progress=stop_after_five), seed=1, replications=9, days=1
    )
    assert len(found.runs) == 2


@pytest.mark.slow
def test_a_worker_that_dies_is_a_message_and_not_a_traceback(setups):
    with pytest.raises(WorkerDiedError, match="fewer --workers or a smaller population"):
        replicate(setups, ReplicationOptions(workers=2, run_arm=fakes.killed), seed=1, replications=2, days=1)


@pytest.mark.medium
def test_by_default_the_engine_runs():
    setups = load("default", ["population.size=5"]).arms
    found = replicate(setups, ReplicationOptions(), seed=1, replications=1, days=5)
    assert found.runs[0][0].customers == 5
    assert found.runs[0][0].engine == "reference"
