"""The cases of a journey file: all hold for a sound one, and each planted fault is found by the case that names it."""

import pytest

from journey.core.errors import InputError
from journey.machine import FactColumns, GuardKind, MoveResult, guards, register_guard, requests, unregister_guard
from journey.machine.serialisation import serialise_journey
from journeylab.testing.cases.case import CaseError, CaseSkipped
from journeylab.testing.cases.files import list_cases
from scenarios.files.loader import BUILTIN, builtin_names
from tests.journeylab.testing.agreed_journey import AGREED, FAULTS, plant


def failures(text, tmp_path, expected=None):
    """The messages of the cases that fail, by name."""
    path = tmp_path / "journey.toml"
    path.write_text(text)
    if expected is not None:
        (tmp_path / "agreed.toml").write_text(expected)
    found = {}
    for case in list_cases(path, "journey.toml", None if expected is None else tmp_path / "agreed.toml"):
        try:
            case.check()
        except CaseError as error:
            found[case.name] = str(error)
        except CaseSkipped:
            pass
    return found


def names(path, expected=None):
    return [case.name for case in list_cases(path, path.name, expected)]


def test_a_sound_journey_has_no_failures(tmp_path):
    assert failures(AGREED, tmp_path) == {}
    assert failures(AGREED, tmp_path, AGREED) == {}


@pytest.mark.medium
@pytest.mark.parametrize("name", builtin_names())
def test_the_journeys_of_all_built_in_scenarios_are_sound(name):
    for case in list_cases(BUILTIN / f"{name}.toml", name):
        case.check()


@pytest.mark.parametrize("fault", FAULTS[:-1], ids=lambda fault: fault.name)
def test_a_fault_is_found_by_comparison_with_the_agreed_journey(fault, tmp_path):
    found = failures(plant(fault), tmp_path, AGREED)
    assert set(fault.found_by) <= set(found)


@pytest.mark.parametrize("fault", [fault for fault in FAULTS[:-1] if fault.alone], ids=lambda fault: fault.name)
def test_a_fault_of_structure_or_rules_is_found_in_the_file_alone(fault, tmp_path):
    found = failures(plant(fault), tmp_path)
    assert found
    assert set(found) <= set(fault.found_by)


def test_a_move_that_is_there_twice_is_refused(tmp_path):
    with pytest.raises(InputError, match="recover"):
        failures(plant(FAULTS[-1]), tmp_path)


def test_each_stage_and_move_has_exactly_one_case(tmp_path):
    path = tmp_path / "journey.toml"
    path.write_text(AGREED)
    cases = [name for name in names(path) if name.startswith(("legal[", "illegal["))]
    assert len(cases) == 5 * 8
    assert sum(name.startswith("legal[") for name in cases) == 12
    assert len(set(names(path))) == len(names(path))


def test_the_boundaries_of_a_guard_are_just_below_at_and_just_above(tmp_path):
    path = tmp_path / "journey.toml"
    path.write_text(AGREED)
    assert [name.removeprefix("guard[trial -convert-> active: ") for name in names(path) if "guard[trial" in name] == [
        "min_days_in_stage=14 at]",
        "min_days_in_stage=14 above]",
        "min_days_in_stage=14 below]",
        "min_days_in_stage unknown]",
        "segment=team]",
        "segment=solo]",
        "segment=some other one refused]",
        "segment unknown]",
    ]


def test_a_broken_rule_is_shown_with_its_shortest_history(tmp_path):
    fault = next(fault for fault in FAULTS if "rule" in fault.name)
    message = failures(plant(fault), tmp_path)["rule[risk before support or none]"]
    assert "The shortest history that breaks it: trial -complain-> support." in message


def test_a_rule_of_the_agreed_journey_counts_even_if_the_file_has_lost_it(tmp_path):
    fault = next(fault for fault in FAULTS if "rule" in fault.name)
    without = plant(fault).split("[[rules]]")[0]
    assert "rule[risk before support or none]" in failures(without, tmp_path, AGREED)


# -- faults of the software that runs the journey ---------------------------------------------------------------------


def test_a_guard_that_is_off_by_one_at_its_boundary_is_found_in_the_file_alone(tmp_path, monkeypatch):
    kind = guards.guard_kind("min_days_in_stage")
    strict = GuardKind(kind.name, lambda facts, days: facts.days_in_stage > days, kind.parse_parameter, kind.template)
    monkeypatch.setitem(guards._KINDS, kind.name, strict)
    found = failures(AGREED, tmp_path)
    assert "guard[trial -convert-> active: min_days_in_stage=14 at]" in found
    assert "guard[trial -convert-> active: min_days_in_stage=14 above]" not in found


def test_a_machine_that_ignores_guards_is_found(tmp_path, monkeypatch):
    original = requests.build_machine

    def without_guards(journey):
        machine = original(journey)
        for event in machine.events.values():
            for transitions in event.transitions.values():
                for transition in transitions:
                    transition.conditions.clear()
        return machine

    monkeypatch.setattr(requests, "build_machine", without_guards)
    found = failures(AGREED, tmp_path)
    assert "the tables: BLOCKED" in found["guard[trial -convert-> active: min_days_in_stage=14 below]"]
    assert "the state machine: MOVED to active" in found["guard[trial -convert-> active: min_days_in_stage=14 below]"]


def test_a_journey_that_loses_its_guards_when_it_is_written_is_found(tmp_path, monkeypatch):
    def without_guards(journey):
        data = serialise_journey(journey)
        return {**data, "moves": [{k: v for k, v in move.items() if k != "guard"} for move in data["moves"]]}

    monkeypatch.setattr("journey.machine.serialisation.serialise_journey", without_guards)
    found = failures(AGREED, tmp_path)
    assert "the journey written and read: MOVED" in found["guard[support -resolve-> active: came_from unknown]"]


def test_tables_with_a_wrong_destination_are_found(tmp_path, monkeypatch):
    from journeylab.testing.cases import answers

    original = answers._ask_tables

    def wrong(journey, stage, move, facts):
        result, end = original(journey, stage, move, facts)
        return answers.Answer(result, "trial" if result is MoveResult.MOVED and move == "slip" else end)

    monkeypatch.setattr(answers, "_ask_tables", wrong)
    assert set(failures(AGREED, tmp_path)) == {"legal[active -slip-> at_risk]"}


@pytest.fixture
def own_guard():
    kind = GuardKind("odd_days", _odd_days, lambda given: float(given), "an odd number of days")
    register_guard(kind)
    yield kind
    unregister_guard("odd_days")


def _odd_days(facts: FactColumns, value: float):
    return facts.days_in_stage % 2 == value


OWN_GUARD = AGREED.replace('guard = { came_from = "active" }', "guard = { odd_days = 1 }")


@pytest.mark.usefixtures("own_guard")
def test_a_guard_of_ones_own_has_one_case_that_tries_many_facts(tmp_path):
    assert failures(OWN_GUARD, tmp_path) == {}


@pytest.mark.usefixtures("own_guard")
def test_a_guard_of_ones_own_that_no_facts_meet_is_skipped_with_the_reason(tmp_path):
    path = tmp_path / "journey.toml"
    path.write_text(OWN_GUARD.replace("odd_days = 1", "odd_days = 3"))
    case = next(case for case in list_cases(path, "journey.toml") if case.name.startswith("legal[support -resolve"))
    with pytest.raises(CaseSkipped, match="none of 200 combinations of facts meets its guard"):
        case.check()
