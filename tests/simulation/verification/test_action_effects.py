"""Effects on moves and price against exact answers: closed forms, matrix exponentials, integrated hazards."""

from dataclasses import replace
from math import exp

import numpy as np
import pytest

from journey.decision.policy import Policy
from journey.machine import Journey, Move
from journey.machine.stages import StageDetails
from simulation.exact.action_effects import build_treated_chain, solve_treated_chain
from simulation.model.effect_spec import Effect
from simulation.model.world_spec import World
from simulation.verification import action_effects
from simulation.verification.evidence import judge_checks
from simulation.verification.hazards import compare_hazards
from simulation.verification.occupancy import compare_occupancy
from simulation.verification.runners import run_compiled, run_reference
from simulation.verification.suite import _run_histories, action_effect_checks, arm_checks
from tests.simulation.full_worlds import full_arm
from tests.simulation.worlds import arm

EFFECTS = {
    "onboarding_nudge_email": {
        "lasts_days": 40.0,
        "moves": {"activate": 3.0, "churn": 0.3},
        "discount": {"share": 0.4, "days": 70.0, "stages": ["onboarding", "engagement"]},
    },
    "usage_review_checkin": {"lasts_days": 4000.0, "moves": {"mature": 2.0, "churn": 4.0, "resolve": 0.0}},
}
WORLD = {"effects": EFFECTS, "moves": {"churn": {"dwell": {"mean_days": 300}}}}
DAYS = 120.0
DEFAULT_PLAYS = [play.model_dump() for play in Policy().plays]
TIMED = [{"stages": ["onboarding"], "action": "onboarding_nudge_email", "after_days": 2.0}]


def failed(evidence):
    return [check.name for check in judge_checks(evidence) if not check.ok]


@pytest.mark.slow
@pytest.mark.compiled
@pytest.mark.parametrize("run", [run_reference, run_compiled])
@pytest.mark.parametrize("make", [arm, full_arm])
def test_treated_customers_follow_the_product_of_two_matrix_exponentials(run, make):
    """Also where customers are won back, and where stages pay a share only."""
    arm_spec = make(world=WORLD)
    details = {"onboarding": StageDetails(pays=0.0), "engagement": StageDetails(pays=0.5)}
    arm_spec = replace(arm_spec, journey=arm_spec.journey.with_details(details), yearly_discount=0.08)
    evidence = list(action_effect_checks(arm_spec, seed=4, days=DAYS, customers=1000, run=run))
    assert failed(evidence) == []
    assert sum("occupancy" in each.name for each in evidence) == len(EFFECTS)
    assert sum("revenue" in each.name for each in evidence) == len(EFFECTS)


@pytest.mark.slow
@pytest.mark.compiled
@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"lasts_days": 5.0}, "occupancy"),
        ({"moves": {"activate": 3.0, "churn": 0.6}}, "churned"),
        ({"discount": None}, "revenue"),
    ],
)
def test_an_effect_that_is_applied_wrongly_is_found(changes, found):
    treated = action_effects.derive_treated_arm(arm(world=WORLD), "onboarding_nudge_email", customers=4000)
    histories = _run_histories(treated, 5, DAYS + action_effects.ENTRY_DAY, run_compiled)
    wrong = {name: effect.model_copy(update=changes) for name, effect in treated.world.effects.items()}

    def expectation(arm_spec, *arguments):
        world = arm_spec.world.model_copy(update={"effects": wrong})
        return action_effects.treated_expectation(replace(arm_spec, world=world), *arguments)

    assert any(found in name for name in failed(compare_occupancy("wrong", histories, expectation)))


def test_a_world_without_such_effects_has_no_such_check():
    assert list(action_effect_checks(arm(), seed=4, days=DAYS, customers=50)) == []


@pytest.mark.slow
@pytest.mark.compiled
def test_moves_follow_their_hazards_while_decisions_start_and_replace_effects():
    arm_spec = arm(world=WORLD, population={"size": 1500}, policy={"plays": [*DEFAULT_PLAYS, *TIMED]})
    evidence = list(arm_checks(arm_spec, seed=4, days=DAYS, run=run_compiled))
    acting = [each for each in evidence if "act on moves and price only" in each.name]
    assert failed(acting) == []
    assert any("activate against its hazard" in each.name for each in acting)
    derived = action_effects.derive_acting_arm(arm_spec, customers=1500)
    histories = _run_histories(derived, 4, DAYS, run_compiled)
    without = [spell._replace(moves_action=None) for spell in histories.spells]
    ignored = compare_hazards("ignored", replace(histories, spells=tuple(without)))
    assert failed(ignored)


LEAVE = Journey.build(stages=("here", "gone"), moves=(Move("leave", "here", "gone"),), initial="here", terminal="gone")
RATE = 0.02


@pytest.mark.parametrize("discount_rate", [0.0, 0.0003])
def test_survival_and_revenue_of_one_stage_are_in_closed_form(discount_rate):
    """Two exponentials: the hazard is multiplied for 30 days; a fifth of the price is not paid for 50 days."""
    world = World.model_validate({"moves": {"leave": {"dwell": {"mean_days": 1.0 / RATE}}}})
    effect = Effect.model_validate(
        {"moves": {"leave": 2.5}, "lasts_days": 30.0, "discount": {"share": 0.2, "days": 50.0}}
    )
    chain = build_treated_chain(LEAVE, world, effect, segment="any", tier="medium")
    answer = solve_treated_chain(chain, [0.0, 10.0, 30.0, 90.0], discount_rate=discount_rate)
    fast, slow = 2.5 * RATE, RATE
    alive = [1.0, exp(-fast * 10.0), exp(-fast * 30.0), exp(-fast * 30.0 - slow * 60.0)]
    assert answer.occupancy[:, 0, 0] == pytest.approx(alive)
    assert answer.moves[0] == pytest.approx(1.0 - alive[-1])

    def paid(start, stop, rate, begin):
        """Integral of the survival from `start` to `stop`, with survival `begin` at `start`, in present value."""
        total = rate + discount_rate
        return begin * exp(-discount_rate * start) * (1.0 - exp(-total * (stop - start))) / total

    by_50 = alive[2] * exp(-slow * 20.0)
    early = paid(0.0, 30.0, fast, 1.0) + paid(30.0, 50.0, slow, alive[2])
    assert answer.paid_days[0] == pytest.approx(0.8 * early + paid(50.0, 90.0, slow, by_50))


def test_an_effect_beyond_the_horizon_is_the_chain_with_multiplied_rates():
    world = World.model_validate({"moves": {"leave": {"dwell": {"mean_days": 1.0 / RATE}}}})
    effect = Effect.model_validate({"moves": {"leave": 0.25}, "lasts_days": 1000.0})
    chain = build_treated_chain(LEAVE, world, effect, segment="any", tier="medium")
    days = np.linspace(0.0, 200.0, 5)
    answer = solve_treated_chain(chain, list(days))
    assert answer.occupancy[:, 0, 0] == pytest.approx(np.exp(-0.25 * RATE * days))
