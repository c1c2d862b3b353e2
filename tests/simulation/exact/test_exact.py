"""Exact results, compared with published examples, closed forms, and SciPy."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy.linalg import expm

from journey.machine import Journey, Move, default_journey
from journey.machine.guards import Guard
from simulation.exact import absorbing, markov, queueing, renewal, scipy_distributions
from simulation.model.dwell_spec import Dwell, MoveClock
from simulation.model.world_spec import World
from tests.levels import examples

# -- absorbing chains --------------------------------------------------------------------------------------

DRUNKARD = [
    [1.0, 0.0, 0.0, 0.0, 0.0],
    [0.5, 0.0, 0.5, 0.0, 0.0],
    [0.0, 0.5, 0.0, 0.5, 0.0],
    [0.0, 0.0, 0.5, 0.0, 0.5],
    [0.0, 0.0, 0.0, 0.0, 1.0],
]


def test_the_drunkards_walk_matches_the_textbook():
    """Grinstead and Snell, Introduction to Probability, examples 11.13 to 11.15: N, t = N1 and B = NR."""
    assert absorbing.fundamental_matrix(DRUNKARD) == pytest.approx(
        np.array([[1.5, 1.0, 0.5], [1.0, 2.0, 1.0], [0.5, 1.0, 1.5]])
    )
    assert absorbing.expected_steps(DRUNKARD) == pytest.approx(np.array([3.0, 4.0, 3.0]))
    assert absorbing.absorption_probabilities(DRUNKARD) == pytest.approx(
        np.array([[0.75, 0.25], [0.5, 0.5], [0.25, 0.75]])
    )


def test_a_chain_that_never_ends_is_refused():
    with pytest.raises(ValueError, match="never ends"):
        absorbing.fundamental_matrix([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


def test_days_to_absorption_and_its_state_follow_from_the_rates():
    """Two states in a row with rates 1/2 (and a side exit at 1/3) and 1/5.

    By hand: the first is left at 5/6 a day, to the second with probability 3/5; days 6/5 + 3/5 * 5 = 21/5.
    """
    generator = np.array(
        [[-5 / 6, 1 / 2, 0.0, 1 / 3], [0.0, -1 / 5, 1 / 5, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    )
    assert absorbing.mean_sojourns(generator) == pytest.approx([6 / 5, 5.0, np.inf, np.inf])
    assert absorbing.expected_days(generator) == pytest.approx([21 / 5, 5.0])
    ends = absorbing.absorption_probabilities(absorbing.embedded_chain(generator))
    assert ends == pytest.approx(np.array([[3 / 5, 2 / 5], [1.0, 0.0]]))


# -- dwells ------------------------------------------------------------------------------------------------

DISTRIBUTIONS = {
    "exponential": lambda _: stats.expon(),
    "weibull": stats.weibull_min,
    "log_logistic": stats.fisk,
    "log_normal": stats.lognorm,
    "gamma": stats.gamma,
}
AGES = np.array([0.0, 1e-3, 0.5, 3.0, 20.0, 60.0])


@pytest.mark.parametrize("law", DISTRIBUTIONS)
@pytest.mark.parametrize("shape", [1.3, 2.5])
def test_a_dwell_has_the_hazard_of_scipys_distribution_and_the_given_mean(law, shape):
    dwell = Dwell(law=law, mean_days=7.0, shape=shape)
    distribution = DISTRIBUTIONS[law](shape)
    with np.errstate(divide="ignore"):
        expected = -distribution.logsf(AGES * distribution.mean() / 7.0)
    assert scipy_distributions.cumulative_hazard(dwell, AGES) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    mean, _ = integrate.quad(
        lambda t: math.exp(-float(scipy_distributions.cumulative_hazard(dwell, t))), 0.0, np.inf, limit=200
    )
    assert mean == pytest.approx(7.0, rel=1e-5)


def test_an_empirical_dwell_interpolates_its_points_and_has_their_mean():
    dwell = Dwell(law="empirical", points=((2.0, 0.2), (10.0, 0.7), (30.0, 0.9)))
    assert scipy_distributions.cumulative_distribution(dwell)(np.array([2.0, 10.0, 30.0])) == pytest.approx(
        [0.2, 0.7, 0.9]
    )
    mean, _ = integrate.quad(
        lambda t: math.exp(-float(scipy_distributions.cumulative_hazard(dwell, t))),
        0.0,
        900.0,
        points=[2, 10, 30],
        limit=200,
    )
    assert scipy_distributions.mean_days(dwell) == pytest.approx(mean, rel=1e-6)


def test_a_deterministic_dwell_has_no_hazard():
    with pytest.raises(ValueError, match="no hazard"):
        scipy_distributions.cumulative_hazard(Dwell(law="deterministic", mean_days=3.0), 1.0)


# -- queues ------------------------------------------------------------------------------------------------


def test_one_server_is_the_m_m_1_queue():
    """M/M/1 in closed form: P(wait) = rho, W = rho / (mu - lambda), L = rho^2 / (1 - rho)."""
    queue = queueing.erlang_c(arrival_rate=0.7, service_rate=1.0, servers=1)
    assert (queue.utilisation, queue.waiting_probability) == pytest.approx((0.7, 0.7))
    assert queue.mean_wait == pytest.approx(0.7 / 0.3)
    assert queue.mean_queue == pytest.approx(0.49 / 0.3)


def test_the_eye_clinic_matches_the_textbook():
    """Gross, Shortle, Thompson and Harris, Fundamentals of Queueing Theory, eye clinic of section 2.3.

    Three doctors, 6 patients an hour, 20 minutes each: Lq = 8/9, Wq = 4/27 of an hour, P(no wait) = 5/9.
    """
    queue = queueing.erlang_c(arrival_rate=6.0, service_rate=3.0, servers=3)
    assert queue.mean_queue == pytest.approx(8 / 9)
    assert queue.mean_wait == pytest.approx(4 / 27)
    assert queue.waiting_probability == pytest.approx(4 / 9)


@given(st.integers(1, 60), st.floats(0.01, 0.99))
def test_erlang_c_is_the_sum_of_its_series(servers, load):
    offered = load * servers
    last = offered**servers / math.factorial(servers) / (1.0 - load)
    exact = last / (sum(offered**k / math.factorial(k) for k in range(servers)) + last)
    queue = queueing.erlang_c(arrival_rate=offered, service_rate=1.0, servers=servers)
    assert queue.waiting_probability == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize(("rate", "servers"), [(1.0, 1), (3.0, 2), (0.0, 1), (1.0, 0)])
def test_a_queue_without_a_steady_state_is_refused(rate, servers):
    with pytest.raises(ValueError, match=r"without limit|must be"):
        queueing.erlang_c(arrival_rate=rate, service_rate=1.0, servers=servers)


# -- Markov chains -----------------------------------------------------------------------------------------

LOOP = Journey.build(
    stages=("new", "user", "gone"),
    moves=(
        Move("start", "new", "user"),
        Move("lapse", "user", "new"),
        Move("leave", "new", "gone"),
        Move("leave", "user", "gone"),
    ),
    initial="new",
    terminal="gone",
)
LINE = Journey.build(stages=("here", "gone"), moves=(Move("leave", "here", "gone"),), initial="here", terminal="gone")


def world(distress=None, spread=0.0, **means):
    moves = {move: {"dwell": {"mean_days": days}} for move, days in means.items()}
    moves["leave"].update({"by_segment": {"SMB": 2.0}, "by_tier": {"high": 1.5}, "frailty": True, "in_distress": 3.0})
    return World.model_validate({"moves": moves, "frailty_spread": spread, "distress": distress or {}})


def test_the_generator_has_rates_times_ratios_and_rows_that_add_up_to_zero():
    chain = markov.build_chain(LOOP, world(start=10, lapse=20, leave=100), segment="SMB", tier="high", frailty=0.5)
    assert [state for state, _ in chain.states] == ["new", "user", "gone"]
    leave = 2.0 * 1.5 * 0.5 / 100
    assert chain.generator == pytest.approx(
        np.array([[-0.1 - leave, 0.1, leave], [0.05, -0.05 - leave, leave], [0.0, 0.0, 0.0]])
    )


TROUBLE = {
    "causes": {
        "price": {"onset_per_day": {"here": 0.02}, "mean_days": 25, "churn_ratio": 4.0, "symptoms": {}},
    },
    "by_segment": {"SMB": 1.5},
}


def test_with_distress_a_state_is_a_stage_and_a_cause():
    """Calm to distress at 0.02 x 1.5, back at 1/25; leaving at 2/100 calm, times 3 x 4 in distress."""
    chain = markov.build_chain(LINE, world(TROUBLE, leave=100), segment="SMB", tier="low")
    assert chain.states == (("here", None), ("here", "price"), ("gone", None))
    assert chain.generator == pytest.approx(
        np.array([[-0.05, 0.03, 0.02], [0.04, -0.28, 0.24], [0.0, 0.0, 0.0]]), abs=1e-15
    )


def test_accumulated_rewards_are_the_integral_of_the_matrix_exponential():
    chain = markov.build_chain(LINE, world(TROUBLE, leave=100), segment="SMB", tier="low")
    start, rate = np.array([1.0, 0.0, 0.0]), 0.001
    rewards = np.column_stack([chain.distressed, chain.onset_rates, [1.0, 1.0, 0.0]])
    accumulated = markov.expected_rewards(chain.generator, start, rewards, 90.0, discount_rate=rate)

    def at(day):
        return math.exp(-rate * day) * (start @ expm(chain.generator * day) @ rewards)

    expected = [integrate.quad(lambda day, index=index: at(day)[index], 0.0, 90.0)[0] for index in range(3)]
    assert accumulated == pytest.approx(np.array(expected), rel=1e-8)


def test_probabilities_over_time_are_the_matrix_exponential():
    chain = markov.build_chain(LOOP, world(start=10, lapse=20, leave=100), segment="SMB", tier="low")
    days = [0.0, 3.0, 6.0, 50.0]
    probabilities = markov.state_probabilities(chain.generator, np.eye(3), days)
    for day, probability in zip(days, probabilities, strict=True):
        assert probability == pytest.approx(expm(chain.generator * day), abs=1e-12)


@pytest.mark.parametrize(("spread", "error"), [(0.3, 1e-9), (0.5, 1e-6), (1.0, 1e-5), (1.5, 3e-4)])
def test_frailty_is_integrated_to_the_stated_error(spread, error):
    frailties, weights = markov.frailty_nodes(spread)
    assert weights @ frailties == pytest.approx(1.0, abs=1e-6)
    for hazard in (0.1, 0.5, 1.0, 3.0):
        exact, _ = integrate.quad(
            lambda x, hazard=hazard: stats.norm.pdf(x) * math.exp(-hazard * math.exp(spread * x - spread**2 / 2)),
            -12.0,
            12.0,
            limit=200,
        )
        assert weights @ np.exp(-hazard * frailties) == pytest.approx(exact, abs=error)


def test_a_model_that_is_not_a_markov_chain_is_refused():
    dwell = {"law": "weibull", "mean_days": 9.0, "shape": 2.0}
    weibull = World.model_validate({"moves": {"leave": {"dwell": dwell}}})
    with pytest.raises(ValueError, match="weibull"):
        markov.build_chain(LINE, weibull, segment="SMB", tier="low")
    guarded = Journey.build(
        stages=LINE.stages,
        moves=(Move("leave", "here", "gone", Guard.of(min_days_in_stage=3.0)),),
        initial="here",
        terminal="gone",
    )
    for build in (markov.build_chain, renewal.build_risks):
        with pytest.raises(ValueError, match="guard"):
            build(guarded, world(leave=100), segment="SMB", tier="low")


# -- renewal equations -------------------------------------------------------------------------------------


def _alternating(there, back):
    """Two alternating stages: an alternating renewal process."""
    return ((renewal.Risk(1, there, 1.0),), (renewal.Risk(0, back, 1.0),))


def test_with_exponential_dwells_the_renewal_equations_are_the_matrix_exponential():
    spec = world(start=10, lapse=20, leave=100)
    chain = markov.build_chain(LOOP, spec, segment="SMB", tier="low")
    answer = renewal.solve_to_tolerance(renewal.build_risks(LOOP, spec, segment="SMB", tier="low"), 120.0, 12)
    exact = markov.state_probabilities(chain.generator, np.eye(3), np.linspace(0.0, 120.0, 13).tolist())
    assert np.max(np.abs(answer.occupancy - exact)) < 1e-5
    assert answer.error <= 1e-5
    moves = markov.expected_rewards(chain.generator, np.eye(3), chain.move_rates, 120.0)
    assert np.max(np.abs(answer.entries - moves)) < 1e-3


def test_a_dwell_of_two_exponential_phases_is_two_states_of_a_markov_chain():
    """A gamma dwell of shape 2 is the sum of two exponential dwells, so its stage is two states of a chain."""
    answer = renewal.solve_to_tolerance(
        _alternating(Dwell(law="gamma", mean_days=8.0, shape=2.0), Dwell(mean_days=5.0)), 60.0, 6, tolerance=1e-7
    )
    generator = np.array([[-0.25, 0.25, 0.0], [0.0, -0.25, 0.25], [0.2, 0.0, -0.2]])
    for point in range(7):
        exact = expm(generator * 10.0 * point)[0]
        assert answer.occupancy[point, 0] == pytest.approx([exact[0] + exact[1], exact[2]], abs=1e-6)


def test_the_long_run_share_of_a_stage_is_its_share_of_a_cycle():
    """Alternating renewal theorem: the long-run share of a stage is its mean dwell over the mean cycle."""
    there, back = Dwell(law="weibull", mean_days=6.0, shape=1.7), Dwell(law="log_logistic", mean_days=3.0, shape=4.0)
    answer = renewal.solve_to_tolerance(_alternating(there, back), 600.0, 4, tolerance=1e-4)
    assert answer.occupancy[-1, 0] == pytest.approx([6.0 / 9.0, 3.0 / 9.0], abs=1e-3)


def test_competing_risks_are_shared_by_their_hazards():
    """With two Weibull dwells of one shape, the probability of the first is its share of the hazard, at every time."""
    risks = (
        (
            renewal.Risk(1, Dwell(law="weibull", mean_days=10.0, shape=1.6), 1.0),
            renewal.Risk(2, Dwell(law="weibull", mean_days=10.0, shape=1.6), 3.0),
        ),
        (),
        (),
    )
    answer = renewal.solve_to_tolerance(risks, 400.0, 4)
    assert answer.occupancy[-1, 0] == pytest.approx([0.0, 0.25, 0.75], abs=1e-5)


def test_a_deterministic_dwell_competes_with_an_exponential_one():
    """Leaving at 0.05 a day unless 10 days pass first; a hazard ratio of 2 makes them 5."""
    for ratio, days in ((1.0, 10.0), (2.0, 5.0)):
        risks = (
            (
                renewal.Risk(1, Dwell(mean_days=20.0), 1.0),
                renewal.Risk(2, Dwell(law="deterministic", mean_days=10.0), ratio),
            ),
            (),
            (),
        )
        answer = renewal.solve_to_tolerance(risks, 24.0, 8)
        assert answer.occupancy[-1, 0] == pytest.approx(
            [0.0, 1.0 - math.exp(-0.05 * days), math.exp(-0.05 * days)], abs=1e-5
        )


@pytest.mark.medium
@settings(max_examples=examples(20, otherwise=7))
@given(st.floats(2.0, 60.0), st.floats(1.0, 4.0), st.floats(2.0, 60.0))
def test_the_reported_error_bounds_the_change_on_a_finer_grid(mean, shape, other):
    risks = _alternating(Dwell(law="weibull", mean_days=mean, shape=shape), Dwell(mean_days=other))
    answer = renewal.solve_to_tolerance(risks, 90.0, 3, tolerance=1e-4, steps=16)
    finer = renewal.solve_to_tolerance(risks, 90.0, 3, tolerance=1e-7)
    assert np.max(np.abs(answer.occupancy - finer.occupancy)) <= 2.0 * answer.error + 1e-7


def test_occupancy_of_the_default_journey_adds_up_to_1():
    moves = {
        move: MoveClock(dwell=Dwell(law="gamma", mean_days=20.0, shape=1.5)) for move in default_journey().move_names
    }
    risks = renewal.build_risks(default_journey(), World(moves=moves), segment="SMB", tier="low")
    answer = renewal.solve_to_tolerance(risks, 200.0, 5, tolerance=1e-4)
    assert answer.occupancy.sum(axis=2) == pytest.approx(np.ones((6, 6)), abs=1e-4)
