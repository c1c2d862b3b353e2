"""The state machine passes for sound journeys, and shows what breaks an invariant in the fewest steps."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from journey.decision.policy import Policy, build_policy
from journey.machine import Journey, MoveResult, default_journey
from journey.orchestrator import Orchestrator
from journey.orchestrator.outcomes import NO_HISTORY
from journey.rules import Rule
from journeylab.testing import JourneyStateMachine
from tests.journeylab.testing.agreed_journey import AGREED, FAULTS, plant

SETTINGS = settings(
    max_examples=100,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def steps_of_failure(machine):
    """The steps of the smallest failing run, as they are printed; checks of invariants are left out."""
    with pytest.raises(AssertionError) as caught:
        run_state_machine_as_test(machine, settings=SETTINGS)
    lines = "\n".join(getattr(caught.value, "__notes__", [])).splitlines()
    invariants = [name for name in dir(machine) if hasattr(getattr(machine, name), "hypothesis_stateful_invariant")]
    left_out = {f"state.{name}()" for name in (*invariants, "teardown")}
    return [line for line in lines if line.startswith("state.") and line not in left_out]


def read(text):
    import tomllib

    return Journey.from_dict(tomllib.loads(text)["journey"])


class Sound(JourneyStateMachine):
    journey = read(AGREED)
    segments = ("team", "solo", "other")

    @invariant()
    def cancelled_is_final(self):
        assert "cancelled" not in self.history[:-1]


class Deciding(JourneyStateMachine):
    policy = Policy()
    states_seen = set()  # noqa: RUF012 - shared by all runs on purpose
    moves_made = set()  # noqa: RUF012

    @invariant()
    def at_most_one_intervention_is_open(self):
        self.states_seen.update(ticket.state for ticket in self.tickets)
        self.moves_made.update(zip(self.history, self.history[1:], strict=False))
        assert len(self.open_interventions) <= 1


@pytest.mark.medium
def test_a_sound_journey_passes():
    run_state_machine_as_test(Sound, settings=SETTINGS)


@pytest.mark.slow
def test_the_real_orchestrator_never_has_two_open_interventions():
    Deciding.states_seen.clear()
    run_state_machine_as_test(Deciding, settings=settings(SETTINGS, max_examples=400, stateful_step_count=50))
    lifecycle = {"pending_approval", "approved", "rejected", "expired", "executed", "measured"}
    assert lifecycle <= Deciding.states_seen
    assert len(Deciding.moves_made) >= len(default_journey().moves) - 2


@pytest.mark.slow
def test_a_terminal_stage_that_can_be_left_is_shown_in_three_steps():
    class Faulty(Sound):
        journey = read(plant(next(fault for fault in FAULTS if "terminal stage" in fault.name)))

    assert steps_of_failure(Faulty) == [
        "state.begin(stage='trial', segment='team', tier='low', account_value=1000.0)",
        "state.move(move='cancel')",
        "state.move(move='win_back')",
    ]


@pytest.mark.slow
def test_a_guard_that_is_lost_is_found_by_an_invariant():
    class Faulty(JourneyStateMachine):
        journey = read(plant(next(fault for fault in FAULTS if "guard is lost" in fault.name)))

        @invariant()
        def no_trial_converts_in_less_than_14_days(self):
            days = (self.entries[-1].state_entered_at - self.entries[0].state_entered_at).days
            assert days >= 14 or self.history[:2] != ["trial", "active"]

    assert steps_of_failure(Faulty) == [
        "state.begin(stage='trial', segment='unknown', tier='low', account_value=1000.0)",
        "state.move(move='convert')",
    ]


@pytest.mark.slow
def test_an_orchestrator_that_forgets_its_interventions_is_found():
    class Forgetful(Deciding):
        def __init__(self):
            super().__init__()
            self.orchestrator.outcome_tracker.build_contact_history = lambda *_: NO_HISTORY

    steps = steps_of_failure(Forgetful)
    assert [step.split("(")[0] for step in steps] == [
        "state.begin",
        "state.receive_signal",
        "state.decide",
        "state.decide",
    ]


@pytest.mark.medium
@pytest.mark.parametrize("fault", ["elsewhere", pytest.param("illegal", marks=pytest.mark.slow)])
def test_software_that_moves_customers_wrongly_is_found(fault):
    class Foreign(JourneyStateMachine):
        def request(self, move):
            if fault == "illegal" and move == "recover" and self.stage == "onboarding":
                return MoveResult.MOVED
            if fault == "elsewhere" and move == "activate" and self.stage == "onboarding":
                self.position.stage = "retention"
                return MoveResult.MOVED
            return super().request(move)

    last = {"elsewhere": "state.move(move='activate')", "illegal": "state.request_illegal_move(move='recover')"}
    assert steps_of_failure(Foreign)[1:] == [last[fault]]


@pytest.mark.slow
def test_a_rule_of_ones_own_is_one_more_step():
    class WithComplaints(JourneyStateMachine):
        policy = build_policy({"contact": {"max_contacts": 0}}, "test")
        complaints = 0

        @rule()
        def complain(self):
            self.complaints += 1

        @invariant()
        def nothing_is_recommended_without_contacts(self):
            assert not self.tickets
            assert self.complaints < 2

    assert steps_of_failure(WithComplaints)[1:] == ["state.complain()", "state.complain()"]


ANSWERED = Rule("support is answered", "chain_response", ("support",), ("retention", "churned"))


@pytest.mark.slow
def test_a_declared_rule_that_a_history_breaks_is_named():
    class Ruled(JourneyStateMachine):
        declared_rules = (ANSWERED,)

    with pytest.raises(AssertionError, match="Rule 'support is answered': "):
        run_state_machine_as_test(Ruled, settings=SETTINGS)
    assert steps_of_failure(Ruled)[1:] == [
        "state.move(move='activate')",
        "state.move(move='open_ticket')",
        "state.move(move='escalate')",
    ]


@pytest.mark.slow
def test_the_orchestrator_respects_declared_rules_in_every_run():
    """Without the rule, the orchestrator breaks it: so the runs could show that it does not respect it."""

    class Ruled(JourneyStateMachine):
        policy = Policy()
        declared_rules = (Rule("outreach after support", "precedence", ("support",), ("action:proactive_outreach",)),)

    class Unruled(Ruled):
        def __init__(self):
            super().__init__()
            self.orchestrator = Orchestrator(Policy(), self.journey)

    run_state_machine_as_test(Ruled, settings=settings(SETTINGS, max_examples=30))
    with pytest.raises(AssertionError, match="Rule 'outreach after support'"):
        run_state_machine_as_test(Unruled, settings=SETTINGS)
