"""Replications whose review pods are separate tasks: the results do not depend on who simulates which pod."""

from dataclasses import replace

import pytest

from scenarios.comparison.options import ReplicationOptions
from scenarios.comparison.replications import replicate
from scenarios.execution.pods import PodJob
from simulation.model.reviewers_spec import Reviewers
from simulation.runs.run import run_arm
from tests.simulation.worlds import arm

GATE = Reviewers(count=5, minutes_per_day=20.0, pods=3)
ARMS = (
    arm("baseline", population={"size": 60}, reviewers=GATE),
    arm("treated", population={"size": 60}, reviewers=GATE.model_copy(update={"pods": 2})),
)
OPTIONS = {"seed": 3, "replications": 2, "days": 60.0}


def without_time(replications):
    return [[replace(run, wall_seconds=0.0) for run in runs] for runs in replications.runs]


def test_pods_in_two_processes_in_one_and_in_one_run_give_the_same():
    alone = without_time(replicate(ARMS, ReplicationOptions(), **OPTIONS))
    assert without_time(replicate(ARMS, ReplicationOptions(workers=2), **OPTIONS)) == alone
    together = [
        [replace(run_arm(arm_spec, seed=3, replication=number, days=60.0), wall_seconds=0.0) for arm_spec in ARMS]
        for number in range(2)
    ]
    assert alone == together


@pytest.mark.slow
def test_pods_may_finish_in_any_order():
    job = PodJob(tuple((arm_spec,) for arm_spec in ARMS), seed=3, days=60.0, engine="reference")
    tasks = [(1, 0), (0, 1), (0, 0), (1, 1)]
    backwards = job.join_pods(lambda pod_tasks: [(task, job.do(task)) for task in reversed(list(pod_tasks))])
    found = dict(backwards(tasks))
    assert sorted(found) == sorted(tasks)
    for number, index in tasks:
        expected = run_arm(ARMS[index], seed=3, replication=number, days=60.0)
        (run,) = found[number, index]
        assert replace(run, wall_seconds=0.0) == replace(expected, wall_seconds=0.0)
