"""Review pods: independent groups of customers and reviewers, whose totals add up exactly."""

from dataclasses import replace
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.core.errors import InputError
from simulation.model.reviewers_spec import Reviewers
from simulation.model.run_options import RunOptions
from simulation.runs.run import collect_runs, run_arm, run_together, simulate_pod, split_into_pods
from simulation.trace.files import trace_file
from tests.levels import examples
from tests.simulation.compiled.test_engine import assert_same_rows, assert_same_totals
from tests.simulation.trace.trace_files import in_small_windows, rows_in
from tests.simulation.worlds import arm

HOW = {"seed": 5, "replication": 1, "days": 120.0}
GATE = Reviewers(count=7, minutes_per_day=20.0, pods=3)


def crowded(**changes):
    return arm(population={"size": 200}, reviewers=GATE, **changes)


@given(st.integers(0, 10_000), st.integers(1, 50))
def test_every_customer_and_reviewer_is_in_one_pod_and_pods_are_alike_in_size(many, pods):
    setup = arm(reviewers=Reviewers(pods=pods))
    parts = [each.pod_range(many) for each in setup.pods]
    assert list(chain(*parts)) == list(range(many))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.compiled
@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_a_pod_alone_has_the_same_rows_as_in_the_whole_run(engine):
    whole = run_arm(crowded(), **HOW, trace=True, engine=engine)
    for pod, setup in enumerate(crowded().pods):
        (totals,) = simulate_pod([setup], RunOptions(**HOW, keep_trace=True, engine=engine))
        mine = [row for row in whole.trace.sorted_rows() if row.customer in setup.pod_range(200)]
        assert totals.trace.sorted_rows() == mine, pod


@pytest.mark.compiled
def test_both_engines_simulate_pods_identically_with_and_without_rows():
    theirs, ours = (run_arm(crowded(), **HOW, trace=True, engine=engine) for engine in ("reference", "compiled"))
    assert_same_rows(theirs, ours)
    assert_same_totals(theirs, ours)
    assert_same_totals(theirs, run_arm(crowded(), **HOW, engine="compiled"))
    assert theirs.waits == ours.waits


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_rows_that_are_written_are_those_of_all_pods_in_order(engine, tmp_path, monkeypatch):
    path = in_small_windows(monkeypatch, tmp_path)
    with trace_file(path) as folder:
        written = run_arm(crowded(), **HOW, engine=engine, trace_folder=folder)
    kept = run_arm(crowded(), **HOW, engine=engine, trace=True)
    assert rows_in(path) == kept.trace.sorted_rows()
    assert written == replace(kept, trace=None, wall_seconds=written.wall_seconds)


def test_rows_of_arms_that_share_the_pods_are_joined_once():
    setups = [crowded(name="baseline"), crowded(name="treated")]
    one, other = run_together(setups, **HOW, trace=True)
    assert one.trace is other.trace
    assert len(one.trace.rows) == one.events + other.events
    assert {row.arm for row in one.trace.rows} == {"baseline", "treated"}


def test_without_reviews_pods_change_nothing():
    free = {"actions": ("onboarding_nudge_email",), "population": {"size": 150}}
    one = run_arm(arm(**free, reviewers=Reviewers(count=4)), **HOW, trace=True)
    many = run_arm(arm(**free, reviewers=Reviewers(count=4, pods=4)), **HOW, trace=True)
    assert one.trace.sorted_rows() == many.trace.sorted_rows()
    assert one.events_by_kind["action"] > 0


def test_a_queue_of_ones_own_makes_requests_wait_longer_than_a_shared_one():
    """Pooling servers shortens waits: of M/M/c queues of one load, the larger c waits less (Smith and Whitt 1981)."""
    shared = run_arm(arm(population={"size": 400}, reviewers=replace_pods(1)), **HOW)
    apart = run_arm(arm(population={"size": 400}, reviewers=replace_pods(7)), **HOW)
    assert apart.metrics["review_wait_days_mean"] > shared.metrics["review_wait_days_mean"]


def replace_pods(pods):
    return GATE.model_copy(update={"pods": pods, "minutes_per_day": 30.0})


@pytest.mark.medium
@settings(max_examples=examples(10, otherwise=3))
@given(st.permutations(range(3)), st.integers(0, 2**32))
def test_the_order_of_pods_makes_no_difference(order, seed):
    setups, options = [crowded()], RunOptions(seed, replication=1, days=40.0)
    pods = split_into_pods(setups)
    lived = {place: simulate_pod(pods[place], options) for place in order}
    (ours,) = collect_runs(setups, [lived[place] for place in range(3)], options)
    (theirs,) = run_together(setups, seed=seed, replication=1, days=40.0)
    assert replace(ours, wall_seconds=0.0) == replace(theirs, wall_seconds=0.0)


@pytest.mark.parametrize(("reviewers", "size"), [({"count": 2, "pods": 3}, 100), ({"count": 9, "pods": 9}, 8)])
def test_a_pod_without_a_reviewer_or_a_customer_is_refused(reviewers, size):
    with pytest.raises(InputError, match=r"reviewers.pods: .* every pod needs at least one"):
        run_arm(arm(population={"size": size}, reviewers=Reviewers(**reviewers)), **HOW)
