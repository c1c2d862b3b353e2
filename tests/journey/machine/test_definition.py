"""A journey is data, and an invalid one is rejected with a message that explains how to correct it."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tomllib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.core.errors import InputError
from journey.machine import (
    EVERY_LIVE_STAGE,
    Guard,
    Journey,
    JourneyDefinitionError,
    Move,
    MoveRule,
    default_journey,
)
from journeylab.testing import journeys
from tests.levels import examples

DESIGN_TABLE = {
    ("activate", "onboarding", "engagement"),
    ("mature", "engagement", "retention"),
    ("open_ticket", "engagement", "support"),
    ("open_ticket", "retention", "support"),
    ("resolve", "support", "retention"),
    ("escalate", "support", "escalation"),
    ("de_escalate", "escalation", "support"),
    ("recover", "escalation", "retention"),
    *(("churn", s, "churned") for s in ("onboarding", "engagement", "retention", "support", "escalation")),
}


def test_the_default_journey_is_the_table_of_the_design():
    journey = default_journey()
    assert {(m.name, m.source, m.destination) for m in journey.moves} == DESIGN_TABLE
    assert journey.initial == ("onboarding",)
    assert journey.terminal == ("churned",)
    assert journey.findings() == []


def test_support_to_engagement_is_illegal_and_retention_to_support_is_a_legal_reentry():
    journey = default_journey()
    assert not journey.is_legal_step("support", "engagement")
    assert journey.is_legal_step("retention", "support")


def test_the_fingerprint_of_the_default_journey_is_pinned():
    # Stored tables and results name it: a change here is a change of the public journey.
    assert default_journey().fingerprint == ("07d9a840aba049cd7b3c94c7a77339923b02cf752c2dd51304f9e0e47d594a10")


def test_a_journey_can_be_written_in_a_scenario_file():
    text = """
    stages = ["trial", "active", "gone"]
    initial = "trial"
    terminal = "gone"
    [[moves]]
    name = "convert"
    source = "trial"
    destination = "active"
    guard = { min_days_in_stage = 7, segment = ["smb", "mid"] }
    [[moves]]
    name = "leave"
    source = "every_live_stage"
    destination = "gone"
    """
    journey = Journey.from_dict(tomllib.loads(text))
    assert [str(move) for move in journey.moves] == [
        "trial -convert [at least 7 days in stage and segment mid or smb]-> active",
        "trial -leave-> gone",
        "active -leave-> gone",
    ]


@given(journeys())
def test_writing_and_reading_gives_the_same_journey(journey: Journey):
    again = Journey.from_dict(journey.to_dict())
    assert again == journey
    assert again.fingerprint == journey.fingerprint


@given(journeys(), st.randoms(use_true_random=False))
@settings(max_examples=examples(50, otherwise=15))
def test_the_order_of_sources_does_not_matter(journey: Journey, random):
    """Codes hang on the order of stages and of move names, and on nothing else."""
    groups: dict[str, list[Move]] = {}
    for move in journey.moves:
        groups.setdefault(move.name, []).append(move)
    for group in groups.values():
        random.shuffle(group)
    shuffled = Journey(journey.stages, tuple(m for g in groups.values() for m in g), journey.initial, journey.terminal)
    shuffled = replace(shuffled, details=journey.details)
    assert shuffled == journey
    assert shuffled.fingerprint == journey.fingerprint


@given(journeys(), journeys())
@settings(max_examples=examples(50, otherwise=15))
def test_fingerprints_tell_journeys_apart(one: Journey, other: Journey):
    """The details of stages are not rules."""
    rules = [(journey.stages, journey.moves, journey.initial, journey.terminal) for journey in (one, other)]
    assert (one.fingerprint == other.fingerprint) == (rules[0] == rules[1])


@given(journeys())
@settings(max_examples=examples(50, otherwise=15))
def test_a_journey_travels_between_processes(journey: Journey):
    journey.compile()
    again = pickle.loads(pickle.dumps(journey))
    assert again == journey
    assert again.name == journey.name


def test_every_live_stage_leaves_out_terminal_stages_and_the_destination_itself():
    journey = Journey.build(
        stages=("a", "b", "c", "end"),
        initial="a",
        terminal="end",
        moves=(MoveRule("reset", EVERY_LIVE_STAGE, "a"), Move("stop", EVERY_LIVE_STAGE, "end")),
    )
    assert [m.source for m in journey.moves if m.name == "reset"] == ["b", "c"]
    assert [m.source for m in journey.moves if m.name == "stop"] == ["a", "b", "c"]


def _journey(**changes: object) -> Journey:
    definition: dict[str, object] = {
        "stages": ["trial", "active", "gone"],
        "initial": "trial",
        "terminal": ["gone"],
        "moves": [
            {"name": "convert", "source": "trial", "destination": "active"},
            {"name": "leave", "source": "every_live_stage", "destination": "gone"},
        ],
    }
    return Journey.from_dict({**definition, **changes})


def _move(**keys: object) -> dict[str, object]:
    return {"moves": [{"name": "go", "source": "trial", "destination": "active"} | keys]}


REFUSED = [
    ({"stages": []}, "has no stages; list at least one in `stages`"),
    ({"stages": ["trial", "trial", "active", "gone"]}, "stage 'trial' is listed 2 times in `stages`; list it once"),
    ({"stages": ["trial", "Trial", "active", "gone"]}, "stage 'Trial' differs from 'trial' in capitals only"),
    ({"stages": ["trial", "active", "gone", "2nd"]}, "stage '2nd' is not a usable name: it must begin with a letter"),
    ({"stages": ["trial", "active", "gone", "end "]}, "stage 'end ' is not a usable name"),
    ({"stages": ["trial", "active", "gone", ""]}, "stage '' is not a usable name"),
    ({"stages": ["trial", "active", "gone", "x" * 61]}, "at most 60 characters"),
    ({"stages": ["trial", "active", "gone", "every_live_stage"]}, "'every_live_stage' is a reserved word"),
    ({"stages": "trial"}, "'active' is not a stage; known here: trial"),
    ({"stages": 3}, "`stages` must be a name or a list of names, got 3"),
    ({"stages": ["trial", 7]}, "`stages` must be a name or a list of names"),
    ({"initial": []}, "no initial stage; list in `initial` where customers start"),
    ({"initial": "tral"}, "initial stage 'tral' is not a stage; did you mean 'trial'?"),
    ({"initial": ["trial", "trial"]}, "initial stage 'trial' is listed 2 times; list it once"),
    ({"terminal": ["gone", "lost"]}, "terminal stage 'lost' is not a stage; known here: trial, active, gone"),
    ({"terminal": ["gone", "active"], **_move(source="active", destination="trial")}, "which is terminal; remove the"),
    (_move(source="tryal"), "move 'go': its source 'tryal' is not a stage; did you mean 'trial'?"),
    (_move(destination="activ"), "move 'go': its destination 'activ' is not a stage; did you mean 'active'?"),
    (_move(name="stage"), "move 'stage' is a reserved word; choose another name"),
    (_move(name="go!"), "move 'go!' is not a usable name"),
    (_move(name=5), "move 1: `name` must be text, got 5"),
    (_move(guard={"min_days": 3}), "move 1 ('go'): unknown guard 'min_days'; did you mean 'min_days_in_stage'?"),
    (_move(guard={"min_days_in_stage": "3"}), "guard 'min_days_in_stage': expected a number of days, got '3'"),
    (_move(guard={"min_days_in_stage": -1}), "expected a finite number of days, at least 0, got -1"),
    (_move(guard={"segment": []}), "guard 'segment': expected a name or a list of names, got []"),
    (_move(guard={"came_from": "limbo"}), "move 'go': in its guard, 'limbo' is not a stage"),
    (_move(guard={}), "a guard needs one or more conditions"),
    (_move(guard="min_days_in_stage"), "move 1 ('go'): `guard` must be a table"),
    (_move(sources=["trial"]), "move 1 ('go'): give either `source`"),
    (_move(sorce="trial"), "move 1 ('go'): unknown key `sorce`; did you mean 'source'?"),
    (_move(restarts_clocks=False), "move 1 ('go'): `restarts_clocks = false` is for a move from a stage to itself"),
    (_move(restarts_clocks=0), "move 1 ('go'): `restarts_clocks` must be true or false, got 0"),
    ({"moves": [{"name": "go", "source": "trial"}]}, "move 1 ('go'): the key `destination` is missing"),
    ({"moves": [{"name": "go", "destination": "gone"}]}, "move 1 ('go'): give either `source`"),
    ({"moves": {}}, "`moves` must be a list of moves"),
    ({"moves": ["go"]}, "move 1 must be a table of keys and values, got 'go'"),
    ({"stage": []}, "`stage` must be a table of keys and values, got []"),
    ({"stage": {"tral": {"pays": 0}}}, "stage.tral: 'tral' is not a stage; did you mean 'trial'?"),
    ({"stage": {"trial": 3}}, "stage.trial must be a table of keys and values, got 3"),
    ({"stage": {"trial": {"pay": 0}}}, "stage.trial: unknown key `pay`; did you mean 'pays'?"),
    ({"stage": {"trial": {"pays": "all"}}}, "stage.trial.pays must be a number, got 'all'"),
    ({"stage": {"trial": {"pays": True}}}, "stage.trial.pays must be a number, got True"),
    ({"stage": {"trial": {"pays": 1.5}}}, "stage.trial.pays is 1.5; it is the share of the account value"),
    ({"stage": {"trial": {"pays": float("nan")}}}, "stage.trial.pays is nan; it is the share"),
    ({"stage": {"gone": {"pays": 0.5}}}, "stage.gone.pays is 0.5, but 'gone' is terminal: customers there have left"),
    ({"stage": {"active": {"pays": 1, "roles": ["lost"]}}}, "'active' is lost (its role in stage.active.roles)"),
    ({"stage": {"active": {"roles": ["help", "help"]}}}, "stage.active.roles: 'help' is listed 2 times; list it once"),
    ({"stage": {"active": {"roles": ["Support"]}}}, "'Support' is not a role; did you mean 'support'?"),
    ({"stage": {"active": {"roles": [" "]}}}, "stage.active.roles: ' ' is blank; remove it, or name a role"),
    ({"stage": {"active": {"roles": [1]}}}, "stage.active.roles must be a name or a list of names, got [1]"),
    ({"stage": {"trial": {"typical_days": 0}}}, "stage.trial.typical_days is 0.0; give a number of days, above 0"),
    ({"stage": {"trial": {"typical_days": float("inf")}}}, "stage.trial.typical_days is inf; give a number of days"),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_a_definition_that_cannot_work_is_refused(changes: dict[str, object], message: str):
    with pytest.raises(JourneyDefinitionError) as refusal:
        _journey(**changes)
    assert message in str(refusal.value)
    assert isinstance(refusal.value, InputError)


def test_a_missing_key_is_named():
    with pytest.raises(JourneyDefinitionError, match="the key `initial` is missing"):
        Journey.from_dict({"stages": ["a"], "moves": []})


def test_a_shadowed_rule_is_refused_and_the_existing_one_named():
    with pytest.raises(JourneyDefinitionError) as refusal:
        Journey.build(
            stages=("a", "b", "c"),
            initial="a",
            moves=(Move("go", "a", "b", Guard.of(min_days_in_stage=3)), Move("go", "a", "c")),
        )
    assert str(refusal.value) == (
        "move 'go' from 'a' to 'c' is shadowed by the existing rule a -go [at least 3 days in stage]-> b; "
        "remove one of them, or give it another name"
    )


def test_moves_that_differ_in_capitals_only_are_refused():
    with pytest.raises(JourneyDefinitionError, match="move 'Go' differs from 'go' in capitals only"):
        Journey.build(stages=("a", "b"), initial="a", moves=(Move("go", "a", "b"), Move("Go", "b", "a")))


def test_all_mistakes_are_reported_together():
    with pytest.raises(JourneyDefinitionError) as refusal:
        _journey(initial="nowhere", terminal="never")
    assert len(refusal.value.problems) == 2
    assert "the journey has 2 mistakes:" in str(refusal.value)


def test_one_name_or_several_may_be_given_and_are_kept_as_tuples():
    one = Journey(["a"], [], "a", [])  # type: ignore[arg-type]
    assert one == Journey(("a",), (), ("a",))
    assert hash(one) == hash(Journey(("a",), (), ("a",)))


def test_only_the_loop_of_a_rule_with_several_sources_restarts_no_other_clock():
    rule = {"name": "touch", "sources": ["trial", "active"], "destination": "active", "restarts_clocks": False}
    journey = Journey.from_dict({"stages": ["trial", "active"], "initial": "trial", "moves": [rule]})
    assert journey.moves_within_stay == {("active", "touch")}
    assert Journey.from_dict(journey.to_dict()) == journey
    with pytest.raises(JourneyDefinitionError, match="this one leads from 'a' to 'b'"):
        Journey.build(stages=("a", "b"), initial="a", moves=(Move("go", "a", "b", restarts_clocks=False),))


def test_the_details_of_a_stage_have_documented_defaults():
    journey = _journey(stage={"trial": {"pays": 0, "roles": "evaluation"}, "active": {"typical_days": 30}})
    assert journey.pays == (0.0, 1.0, 0.0)
    assert journey.stages_with("evaluation") == ("trial",)
    assert journey.typical_days == {"active": 30.0}
    assert journey.lost == ()
    assert journey.exit_stages == {"gone"}


def test_a_lost_stage_pays_nothing_and_a_terminal_one_may_have_the_role_too():
    journey = _journey(stage={"active": {"roles": ["lost"]}, "gone": {"roles": ["lost"]}})
    assert journey.pays == (1.0, 0.0, 0.0)
    assert journey.lost == ("active",)
    assert journey.exit_stages == {"active", "gone"}
    assert set(journey.non_exit_stages) == set(journey.stages) - {"active", "gone"}


def test_details_alone_are_those_of_the_default_journey():
    journey = Journey.from_dict({"name": "ours", "stage": {"support": {"typical_days": 3}, "onboarding": {"pays": 0}}})
    assert journey.moves == default_journey().moves
    assert journey.name == "ours"
    assert journey.stages_with("support") == ("support",)
    assert journey.stages_with("escalation") == ("escalation",)
    assert journey.typical_days["support"] == 3.0
    assert journey.typical_days["engagement"] == 60.0
    assert journey.pays == (0.0, 1.0, 1.0, 1.0, 1.0, 0.0)


def test_a_list_of_stages_under_the_key_of_details_is_explained():
    with pytest.raises(JourneyDefinitionError, match="list the names of stages in `stages`"):
        Journey.from_dict({"stage": ["trial"]})


def test_unknown_stages_of_details_are_reported_with_all_other_mistakes():
    with pytest.raises(JourneyDefinitionError) as refusal:
        _journey(initial="nowhere", stage={"never": {"pays": 0}, "gone": {"pays": 1}})
    assert len(refusal.value.problems) == 3


def test_a_journey_cannot_be_changed():
    with pytest.raises(AttributeError):
        default_journey().stages = ()  # type: ignore[misc]


def test_importing_the_machine_loads_neither_numpy_nor_transitions():
    code = (
        "import sys, journey.machine, journey.machine.lifecycles; "
        "print(*{'numpy', 'transitions', 'pydantic'} & {*sys.modules})"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
