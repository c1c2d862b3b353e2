"""Questions about journeys whose chain is a published example: from the text of the question to the value."""

from dataclasses import replace
from itertools import pairwise
from math import exp

import pytest

from journey.machine import Journey, Move
from simulation.model.dwell_spec import Dwell, MoveClock
from simulation.model.population_spec import Population, Segment
from simulation.model.world_spec import World
from simulation.questions import markov_worlds, starts
from simulation.questions.answers import answer_exactly
from simulation.questions.exact_totals import compute_exact_totals
from simulation.questions.grammar import Names, parse_question
from tests.simulation.worlds import arm


def ask(rates, text, terminal=()):
    """The value of a question about a journey with these rates by (from, to); customers begin in the first stage."""
    stages = tuple(dict.fromkeys(stage for pair in rates for stage in pair))
    names = {pair: f"{pair[0]} to {pair[1]}" for pair in rates}
    journey = Journey.build(
        stages=stages,
        moves=[Move(name, *pair) for pair, name in names.items()],
        initial=stages[0],
        terminal=terminal,
    )
    world = World(moves={names[pair]: MoveClock(dwell=Dwell(mean_days=1 / rate)) for pair, rate in rates.items()})
    population = Population(segments={"all": Segment(share=1, account_value=1)})
    arm_spec = replace(arm(active=False), journey=journey, world=world, population=population)
    question = parse_question(text, Names(stages, ("all",), terminal))
    derived = starts.derive_question_arm(arm_spec, question.origin)
    kinds = markov_worlds.build_kinds(derived, question, starts.list_beginnings(derived))
    assert markov_worlds.find_obstacles(derived, kinds) == []
    (answer,) = answer_exactly(question, compute_exact_totals(derived, question, kinds))
    return answer.value


NORRIS = {
    **{("one", to): 1 for to in ("two", "three")},
    **{("two", to): 2 for to in ("one", "three", "four")},
    **{("three", to): 3 for to in ("one", "two", "four")},
}
"""Norris (1997), Markov Chains, example 3.3.1."""


@pytest.mark.parametrize(("start", "days"), [("one", 17 / 12), ("two", 15 / 16), ("three", 43 / 48)])
def test_norris_expected_hitting_times(start, days):
    """By the equations of the example: k1 = 1/2 + (k2 + k3)/2, k2 = 1/6 + (k1 + k3)/3, k3 = 1/9 + (k1 + k2)/3."""
    assert ask(NORRIS, f"E(time to four) from {start}") == pytest.approx(days, rel=1e-12)


@pytest.mark.parametrize("days", [0.5, 3.0])
def test_ross_machine_that_fails_and_is_repaired(days):
    """Ross, Introduction to Probability Models, example 6.11, integrated: the share of time that the machine works."""
    fail, repair = 0.7, 1.9
    total = fail + repair
    works = repair / total + fail / total**2 * (1 - exp(-total * days)) / days
    machine = {("works", "broken"): fail, ("broken", "works"): repair}
    assert ask(machine, f"share(works within {days})") == pytest.approx(works, rel=1e-12)
    assert ask(machine, "share(works)") == pytest.approx(repair / total, rel=1e-12)
    assert ask(machine, f"P(stay in broken > {days})") == pytest.approx(exp(-repair * days), rel=1e-12)


def test_durrett_weather_and_barbershop_in_the_long_run():
    """Durrett, Essentials of Stochastic Processes: 3/8 sunny, 4/8 smoggy, 1/8 rainy; 27, 18, 12 and 8 of 65."""
    weather = {("sunny", "smoggy"): 1 / 3, ("smoggy", "rainy"): 1 / 4, ("rainy", "sunny"): 1}
    shares = [ask(weather, f"share({stage})") for stage in ("sunny", "smoggy", "rainy")]
    assert shares == pytest.approx([3 / 8, 4 / 8, 1 / 8])
    chairs = ("none", "one", "two", "three")
    shop = {pair: rate for one, two in pairwise(chairs) for pair, rate in (((one, two), 2), ((two, one), 3))}
    assert [ask(shop, f"share({stage})") for stage in chairs] == pytest.approx([27 / 65, 18 / 65, 12 / 65, 8 / 65])


CORNERS = ("home", "a", "b", "c", "bar")
WALK = {(CORNERS[i], CORNERS[i + step]): 0.5 for i in (1, 2, 3) for step in (-1, 1)}
"""Grinstead and Snell (1997), Introduction to Probability, section 11.2: the drunkard's walk on five corners."""
ENDS = ("home", "bar")


def test_grinstead_and_snell_drunkards_walk():
    visits = [[ask(WALK, f"E(visits to {to}) from {start}", ENDS) for to in "abc"] for start in "abc"]
    assert visits[0] == pytest.approx([3 / 2, 1, 1 / 2])
    assert visits[1] == pytest.approx([1, 2, 1])
    assert visits[2] == pytest.approx([1 / 2, 1, 3 / 2])
    assert [ask(WALK, f"P(reach home before bar) from {start}", ENDS) for start in "abc"] == pytest.approx(
        [3 / 4, 1 / 2, 1 / 4]
    )


@pytest.mark.parametrize("odds", [0.5, 1.25])
def test_feller_gamblers_ruin(odds):
    """Feller (1968), volume 1, chapter XIV, equation 2.4: the probability of ruin from 3 of 5, with odds q/p."""
    money = ("nothing", "one", "two", "three", "four", "five")
    game = {(money[i], money[i + step]): rate for i in range(1, 5) for step, rate in ((1, 1.0), (-1, odds))}
    ruin = (odds**5 - odds**3) / (odds**5 - 1)
    question = "P(reach nothing before five) from three"
    assert ask(game, question, ("nothing", "five")) == pytest.approx(ruin, rel=1e-12)
