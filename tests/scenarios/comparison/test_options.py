"""The options of a comparison: which runs make up a replication, and what runs them."""

import pytest

from scenarios.comparison.options import ReplicationOptions
from scenarios.experiment.assignment import build_split
from scenarios.files.loader import load
from tests.scenarios import fakes


@pytest.fixture(scope="module")
def arms():
    return load("default").arms


def test_without_a_split_every_arm_is_a_run_of_its_own(arms):
    assert ReplicationOptions().parts(arms) == tuple((arm,) for arm in arms)


def test_with_a_split_the_strata_of_all_arms_share_one_run(arms):
    split = build_split(arms, seed=1)
    assert ReplicationOptions(split=split).parts(arms) == (split.strata,)


def test_a_function_given_instead_of_the_engine_runs_the_parts(arms):
    assert ReplicationOptions().uses_engine
    options = ReplicationOptions(run_arm=fakes.planted)
    assert not options.uses_engine
    (run,) = options.run_part()((arms[0],), seed=3, replication=1, days=9)
    assert run == fakes.planted(arms[0], seed=3, replication=1, days=9)


@pytest.mark.parametrize(("cluster", "is_remote"), [(None, False), ("local", False), ("tcp://host:8786", True)])
def test_only_a_cluster_with_an_address_is_remote(cluster, is_remote):
    assert ReplicationOptions(cluster=cluster).is_remote == is_remote
