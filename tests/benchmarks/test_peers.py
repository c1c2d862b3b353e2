"""The peers' journeys agree with the matrix exponential and with the daily Markov chain."""

from importlib import import_module

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.stats import kstest

from benchmarks.peers.exact import deviations, expected, generator, matrix_of_a_day, worst
from benchmarks.peers.field import FIELD
from benchmarks.peers.model import CHURNED, DAYS, LIVE, MOVES, SIGNALS_PER_DAY, STAGES, START, Result

# Seven figures a peer, dependent: by chance one is beyond 4 standard errors in fewer than one run out of 2,000. Seeds
# are fixed, so that a failure is no chance.
LARGEST_Z = 4.0
TESTED = {peer.module: peer for peer in FIELD if peer.function == "run"}
NO_EXTRA = ("plain_simpy", "numpy_daily", "numpy_sweep", "keyed_walk")
WITHOUT_EXTRA = [
    pytest.param(module, marks=[pytest.mark.compiled] if module == "keyed_walk" else []) for module in NO_EXTRA
]
CUSTOMERS = {"plain_simpy": 1_500, "numpy_daily": 10_000, "numpy_sweep": 10_000, "keyed_walk": 100_000,
             "simpy_transitions": 1_000, "ciw_network": 600, "salabim_components": 1_000, "mesa_steps": 2_000,
             "mesa_events": 3_000, "starsim_module": 10_000}  # fmt: skip


def simulate_peer(module, seed=3, days=DAYS):
    peer = TESTED[module]
    return import_module(f"benchmarks.peers.{module}").run(CUSTOMERS[module], days, seed), peer.clock


@pytest.mark.parametrize("module", WITHOUT_EXTRA)
def test_a_peer_that_needs_no_extra_lives_the_exact_journey(module):
    found, clock = simulate_peer(module)
    assert worst(found, customers=CUSTOMERS[module], days=DAYS, clock=clock) < LARGEST_Z


@pytest.mark.slow
# What the libraries warn of, and what they leave open, is theirs.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("module", sorted(set(TESTED) - set(NO_EXTRA)))
def test_a_peer_of_the_extra_lives_the_exact_journey(module):
    pytest.importorskip(TESTED[module].package)
    found, clock = simulate_peer(module)
    assert worst(found, customers=CUSTOMERS[module], days=DAYS, clock=clock) < LARGEST_Z


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["run_reference", "run_compiled"])
def test_our_engines_live_the_exact_journey(engine):
    from benchmarks.peers import ours

    customers = {"run_reference": 2_000, "run_compiled": 100_000}[engine]
    found = getattr(ours, engine)(customers, DAYS, 3)
    assert worst(found, customers=customers, days=DAYS, clock="continuous") < LARGEST_Z


@pytest.mark.medium
@pytest.mark.parametrize("module", WITHOUT_EXTRA)
def test_every_customer_is_somewhere_and_every_event_is_a_move_or_a_signal(module):
    found, _ = simulate_peer(module)
    assert sum(found.occupancy.values()) == CUSTOMERS[module]
    assert found.churned == found.occupancy[CHURNED] > 0
    assert 0 < found.signals < found.events


@pytest.mark.parametrize("module", WITHOUT_EXTRA)
def test_a_seed_says_what_happens(module):
    assert simulate_peer(module, days=60)[0] == simulate_peer(module, days=60)[0]
    assert simulate_peer(module, days=60)[0] != simulate_peer(module, seed=4, days=60)[0]


def test_the_journey_is_the_one_that_journeylab_ships():
    from journey.machine import default_journey

    shipped = {(move.name, move.source, move.destination) for move in default_journey().moves}
    assert {(move.name, move.source, move.destination) for move in MOVES} == shipped
    assert (START, *LIVE[1:], CHURNED) == STAGES == default_journey().stages


def test_the_world_of_our_engines_has_the_peers_rates():
    """By the generator that `journey verify` uses, which is derived from the scenario and not from the peers."""
    from benchmarks.worlds import bare
    from simulation.exact.markov import build_chain

    setup = bare(10)
    chain = build_chain(setup.journey, setup.world, segment="SMB", tier="medium")
    order = [chain.states.index((stage, None)) for stage in STAGES]
    np.testing.assert_allclose(chain.generator[np.ix_(order, order)], generator(), rtol=1e-12)


def test_the_expected_number_of_signals_and_its_variance_are_those_of_single_lives():
    """Customers drawn from the absorption time's distribution, by its inverse, each with Poisson signals."""
    rng = np.random.default_rng(5)
    days = np.linspace(0.0, DAYS, 366)
    of_a_day, now = expm(generator()), np.eye(len(STAGES))[STAGES.index(START)]
    gone = np.array([(now := now @ of_a_day)[-1] if day else 0.0 for day in days])
    uniform = rng.random(400_000)
    live = np.where(uniform < gone[-1], np.interp(uniform, gone, days), DAYS)
    signals = rng.poisson(SIGNALS_PER_DAY * live)
    wanted = expected("continuous", DAYS)
    # A mean is within 4 of its standard errors; a variance of a nearly normal count has the relative error (2/n)^0.5.
    assert abs(signals.mean() - wanted.signals) < 4 * (wanted.signals_variance / signals.size) ** 0.5
    assert signals.var() == pytest.approx(wanted.signals_variance, rel=4 * 2 * (2 / signals.size) ** 0.5)


def test_the_daily_chain_comes_close_to_the_journey_and_is_not_the_same():
    """One move a day at most: a week in support and escalation is told with less back and forth."""
    assert matrix_of_a_day().sum(axis=1) == pytest.approx(1.0)
    daily, true = expected("daily", DAYS), expected("continuous", DAYS)
    for stage in ("retention", CHURNED):
        assert daily.share[stage] == pytest.approx(true.share[stage], rel=0.02)
    assert daily.share["support"] != pytest.approx(true.share["support"], rel=0.005)


def test_a_peer_with_a_wrong_rate_is_found_out():
    customers, wanted = 10_000, expected("continuous", DAYS)
    counts = {stage: round(customers * share) for stage, share in wanted.share.items()}
    right = Result(0, counts, round(customers * wanted.signals), counts[CHURNED])
    assert worst(right, customers=customers, days=DAYS, clock="continuous") < 0.2
    shifted = {**counts, "support": counts["support"] + 80, "retention": counts["retention"] - 80}
    assert worst(right._replace(occupancy=shifted), customers=customers, days=DAYS, clock="continuous") > LARGEST_Z
    more = right._replace(signals=round(1.03 * right.signals))
    assert worst(more, customers=customers, days=DAYS, clock="continuous") > LARGEST_Z


def test_rare_stages_are_judged_together():
    found, clock = simulate_peer("numpy_sweep")
    assert "onboarding and escalation" in deviations(found, customers=10_000, days=DAYS, clock=clock)


def test_deviations_over_many_seeds_are_standard_normal():
    """The check itself: z of the signals over 200 cohorts, by Kolmogorov and Smirnov; false alarms 1 in 1,000."""
    from benchmarks.peers.numpy_sweep import run

    z = [
        deviations(run(500, DAYS, seed), customers=500, days=DAYS, clock="continuous")["signals"] for seed in range(200)
    ]
    assert kstest(z, "norm").pvalue > 0.001
