"""What must not change, or change in one known way, when a scenario is changed: units, labels, order, idle policies.

Every statement is exact, to the last bit, and holds in the world in full.
"""

import json
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.decision.policy import Policy
from journey.machine import Journey
from simulation.distributions.dwell_times import NEVER
from simulation.metrics.queue_statistics import QueueStatistics
from simulation.model.population_spec import Population
from simulation.model.reviewers_spec import Reviewers
from simulation.model.world_spec import World
from simulation.random import streams
from simulation.reference.environment import ExactEnvironment
from simulation.reference.review_queue import ReviewQueue, ReviewRequest
from simulation.runs.run import run_arm
from simulation.trace.events import ACTION, ARRIVAL, DISTRESS_OFF, DISTRESS_ON, MOVE, SIGNAL, VALUE_CHANGE
from tests.levels import examples
from tests.simulation.full_worlds import full_arm
from tests.simulation.worlds import NO_EFFECT

SEEDS = st.integers(0, 2**32)
SHORT = settings(max_examples=examples(12, otherwise=4))
LIFE = {MOVE, SIGNAL, DISTRESS_ON, DISTRESS_OFF, ARRIVAL, VALUE_CHANGE}


def rows(setup, *, seed=1, days=120.0, kinds=None):
    run = run_arm(setup, seed=seed, replication=0, days=days, trace=True)
    return [row for row in run.trace.sorted_rows() if kinds is None or row.kind in kinds]


# -- units of time -----------------------------------------------------------------------------------------


def exponential(mean_days):
    return {"law": "exponential", "mean_days": mean_days}


def paced(by):
    """The full world without calendar, all dwells exponential, in which everything goes `by` times as fast."""
    means = {
        "activate": 20.0, "mature": 90.0, "open_ticket": 60.0, "resolve": 6.0, "escalate": 30.0, "de_escalate": 10.0,
        "recover": 14.0, "churn": 200.0, "win_back": 60.0,
    }  # fmt: skip
    setup = full_arm(active=False, population={"size": 25})
    world, population = setup.world.model_dump(), setup.population.model_dump()
    for move, mean in means.items():
        bands = [[days / by, ratio] for days, ratio in world["moves"][move]["by_tenure"]]
        world["moves"][move] = {**world["moves"][move], "dwell": exponential(mean / by), "by_tenure": bands}
    for cause in world["distress"]["causes"].values():
        cause["mean_days"] /= by
        for rates in (cause["onset_per_day"], cause["symptoms"]):
            rates.update({name: rate * by for name, rate in rates.items()})
    noise = world["signals"]["false_per_day"]
    noise.update({name: rate * by for name, rate in noise.items()})
    world["signals"]["delay_mean_days"] /= by
    world["imperfections"]["late_mean_days"] /= by
    world["calendar"] = {}
    for part, keys in (("renewal", ("every_days",)), ("payments", ("every_days", "grace_days"))):
        world[part].update({key: world[part][key] / by for key in keys})
    for change in world["value_changes"].values():
        change["per_day"] = {stage: rate * by for stage, rate in change["per_day"].items()}
    population["arrivals"]["over_days"] /= by
    for segment in population["segments"].values():
        segment["tenure_mean_days"] /= by
    return replace(setup, world=World.model_validate(world), population=Population.model_validate(population))


@SHORT
@given(SEEDS, st.sampled_from([2.0, 4.0, 0.5]))
def test_everything_twice_as_fast_over_half_the_days_is_the_same_lives(seed, by):
    """A power of two, because then no digit is lost."""
    slow = rows(paced(1.0), seed=seed, days=128.0)
    fast = rows(paced(by), seed=seed, days=128.0 / by)
    stretched = [row._replace(time=row.time * by, dated=None if row.dated is None else row.dated * by) for row in fast]
    assert stretched == slow
    assert {row.kind for row in slow} >= {MOVE, SIGNAL}


# -- labels and order --------------------------------------------------------------------------------------


@SHORT
@given(SEEDS, st.permutations(range(25)))
def test_customers_permuted_together_with_their_keys_live_the_same_lives(seed, order):
    """Without a gate: there the queue sees customers side by side."""
    setup = full_arm(population={"size": 25}, reviewers=Reviewers(count=0))
    honest = streams.customer_key
    before = rows(setup, seed=seed)
    streams.customer_key = lambda seed, replication, customer: honest(seed, replication, order[customer])
    try:
        after = rows(setup, seed=seed)
    finally:
        streams.customer_key = honest
    renumbered = [row._replace(customer=order[row.customer]) for row in after]
    assert sorted(renumbered, key=lambda row: (row.time, row.customer)) == before


def renamed(setup, old, new):
    """The same arm with a stage under another name, wherever it is named."""

    def swap(told):
        return json.loads(json.dumps(told).replace(f'"{old}"', f'"{new}"'))

    return replace(
        setup,
        journey=Journey.from_dict(swap(setup.journey.to_dict())),
        world=World.model_validate(swap(setup.world.model_dump(mode="json"))),
        population=Population.model_validate(swap(setup.population.model_dump(mode="json"))),
        policy=Policy.model_validate(swap(setup.policy.model_dump(mode="json"))),
    )


@pytest.mark.medium
@SHORT
@given(SEEDS, st.sampled_from(["onboarding", "engagement", "retention", "churned"]))
def test_a_stage_renamed_in_place_changes_nothing_but_its_name(seed, stage):
    setup = full_arm(population={"size": 25, "start": {"onboarding": 0.6, "retention": 0.4}})
    new = {stage: "another"}
    before = [
        row._replace(stage=new.get(row.stage, row.stage), to_stage=new.get(row.to_stage, row.to_stage))
        for row in rows(setup, seed=seed)
    ]
    assert rows(renamed(setup, stage, "another"), seed=seed) == before
    assert any(row.stage == "another" for row in before)


# -- policies that do nothing ------------------------------------------------------------------------------

HARMLESS = {"effects": NO_EFFECT, "fatigue": {"churn_ratio": 1.0, "response_lost": 0.9}}


@pytest.mark.medium
@SHORT
@given(SEEDS)
def test_actions_without_effect_leave_every_move_signal_episode_and_account_identical(seed):
    idle = rows(full_arm("treated", world=HARMLESS, active=False), seed=seed, kinds=LIFE)
    assert rows(full_arm("treated", world=HARMLESS), seed=seed, kinds=LIFE) == idle


def test_in_that_world_there_were_actions_and_every_kind_of_event():
    """The statement above would be empty otherwise."""
    assert {row.kind for row in rows(full_arm(world=HARMLESS))} >= {*LIFE, ACTION}


@pytest.mark.slow
@SHORT
@given(seed=SEEDS)
def test_a_policy_change_that_touches_no_one_leaves_the_trace_identical_byte_for_byte(seed, tmp_path_factory):
    """No customer pays that much, and no signal is of that type, so both policies decide alike in every case."""
    idle = {
        "thresholds": {"approve_value": 1e12},
        "signals": {"never_sent": {"polarity": "negative", "weight": 0.9, "cause": "price"}},
    }
    files = []
    for name, policy in (("one", {"thresholds": {"approve_value": 1e11}}), ("other", idle)):
        run = run_arm(full_arm(policy=policy), seed=seed, replication=0, days=90.0, trace=True)
        path = tmp_path_factory.mktemp("traces") / f"{name}.csv"
        run.trace.write(path)
        files.append(path.read_bytes())
    assert files[0] == files[1]
    assert len(files[0].splitlines()) > 100


# -- the gate ----------------------------------------------------------------------------------------------


def verdicts(count, requests):
    """When each request is decided by so many reviewers, who work around the clock."""
    environment = ExactEnvironment()
    gate = ReviewQueue(environment, count, Reviewers(opens_at_hour=0.0, minutes_per_day=1440.0, days_per_week=7),
                QueueStatistics((0.0, NEVER)))  # fmt: skip
    decided = {}

    def ask():
        for number, (gap, work) in enumerate(requests):
            yield environment.at(environment.now + gap)
            gate.submit(ReviewRequest(0.0, environment.now, number, work, partial(note, number)))

    def note(number, time, _reviewer):
        decided[number] = time

    environment.process(ask())
    environment.run()
    return [decided[number] for number in range(len(requests))]


WAITS = st.floats(0.0, 5.0)


@given(st.lists(st.tuples(WAITS, WAITS), min_size=1, max_size=60), st.integers(1, 6))
def test_first_come_first_served_one_more_reviewer_never_makes_any_verdict_later(requests, count):
    """Requests and their work are given, all stakes are equal, nothing expires (with priorities it is not true)."""
    few, more = verdicts(count, requests), verdicts(count + 1, requests)
    # Sums of the same numbers in another order differ in their last bits.
    assert all(later <= earlier * (1.0 + 1e-12) for earlier, later in zip(few, more, strict=True))
