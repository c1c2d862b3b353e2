"""Replications whose review pods are tasks of their own: the same results, whoever does which pod."""

from dataclasses import replace

from scenarios.comparison.options import RunOptions
from scenarios.comparison.replications import replicate
from scenarios.execution.pods import PodJob
from simulation.model.spec import Reviewers
from simulation.runs.run import run_arm
from tests.simulation.worlds import arm

GATE = Reviewers(count=5, minutes_per_day=20.0, pods=3)
SETUPS = (
    arm("baseline", population={"size": 60}, reviewers=GATE),
    arm("treated", population={"size": 60}, reviewers=GATE.model_copy(update={"pods": 2})),
)
ASKED = {"seed": 3, "replications": 2, "days": 60.0}


def without_time(done):
    return [[replace(run, wall_seconds=0.0) for run in runs] for runs in done.runs]


def test_pods_done_by_two_processes_give_what_one_gives_and_what_one_run_gives():
    alone = without_time(replicate(SETUPS, RunOptions(), **ASKED))
    assert without_time(replicate(SETUPS, RunOptions(workers=2), **ASKED)) == alone
    together = [
        [replace(run_arm(setup, seed=3, replication=number, days=60.0), wall_seconds=0.0) for setup in SETUPS]
        for number in range(2)
    ]
    assert alone == together


def test_pods_may_come_in_in_any_order():
    work = PodJob(tuple((setup,) for setup in SETUPS), seed=3, days=60.0, engine="reference")
    tasks = [(1, 0), (0, 1), (0, 0), (1, 1)]
    backwards = work.join_pods(lambda asked: [(task, work.do(task)) for task in reversed(list(asked))])
    found = dict(backwards(tasks))
    assert sorted(found) == sorted(tasks)
    for number, place in tasks:
        expected = run_arm(SETUPS[place], seed=3, replication=number, days=60.0)
        (run,) = found[number, place]
        assert replace(run, wall_seconds=0.0) == replace(expected, wall_seconds=0.0)
