"""`journey explain`."""

import json

import pytest

from journey.money.ledger import LedgerLine
from scenarios.cli.explain_tables import _signed_amount
from tests.scenarios.cli.invocation import invoke, json_of, process

SMALL = ("--set", "population.size=60", "--days", "100")


@pytest.fixture(scope="module")
def found():
    return json_of("explain", "onboarding_outreach", "--customer", 8, "--seed", 5, *SMALL)


def test_json_has_what_the_contract_promises(found):
    promised = {"scenario", "scenario_hash", "seed", "customer", "arms", "parting"}
    assert promised <= set(found)
    assert (found["scenario"], found["seed"], found["customer"], found["days"]) == ("onboarding_outreach", 5, 8, 100.0)
    assert list(found["arms"]) == ["baseline", "treated"]
    for history in found["arms"].values():
        assert {"events", "end_stage", "unfinished", "revenue", "cost", "net"} <= set(history)
        for event in history["events"]:
            assert list(event) == [
                "time", "kind", "stage", "to_stage", "label", "reason", "reviewer", "value", "source", "dated",
                "segment", "account_value",
            ]  # fmt: skip


@pytest.mark.medium
@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("arms", [(), ("--set", "arms.idle.active=false", "--set", "arms.fourth.label=x")])
def test_it_fits_the_terminal(width, arms):
    done = invoke("explain", "onboarding_outreach", "--customer", 8, *SMALL, *arms, COLUMNS=str(width))
    assert done.exit_code == 0, done.stderr
    if not arms:
        assert max(len(line.rstrip()) for line in done.stdout.splitlines()) <= width
    for words in ("Timeline", "Value and cost of the customer", "At the end, day", "share the reviewers"):
        assert words in " ".join(done.stdout.split())


@pytest.mark.slow
def test_the_divergence_is_marked_without_colour_too():
    for customer in range(0, 60, 3):
        answer = json_of("explain", "onboarding_outreach", "--customer", customer, *SMALL)
        if answer["parting"] is not None:
            break
    done = process("explain", "onboarding_outreach", "--customer", customer, *SMALL)
    assert f"> {answer['parting']['time']:.1f} " in done.stdout
    assert "\x1b[" not in done.stdout
    assert f"diverge on day {answer['parting']['time']:.1f}" in done.stdout


def test_a_scenario_with_one_arm_is_explained_too():
    done = invoke("explain", "onboarding_outreach", "--customer", 1, *SMALL, "--set", "arms.treated=false")
    assert done.exit_code == 0
    assert "one arm only" in done.stdout
    assert "the same" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("default", "--customer", "60", *SMALL), "there is no customer 60; the 60 customers have the numbers 0 to 59"),
        (("default", "--customer", "-1", *SMALL), "there is no customer -1"),
        (("default", "--customer", "C001"), "there is no customer 'C001'; give --customer a number from 0, or an ID"),
        (("seed_ten", "--customer", "c001"), "there is no customer 'c001'; did you mean 'C001'?"),
        (("default",), "--customer"),
        (("nothing", "--customer", "1"), "neither a built-in scenario nor a file"),
    ],
)
def test_wrong_input_is_a_message_and_exit_code_2(arguments, message):
    done = invoke("explain", *arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stdout == ""


def test_a_recorded_customer_is_found_by_the_id_of_the_records():
    by_id, by_number = (json_of("explain", "seed_ten", "--customer", name) for name in ("C002", "1"))
    assert by_id == by_number
    assert by_id["person"]["customer_id"] == "C002"
    assert invoke("explain", "seed_ten", "--customer", "C002").stdout.startswith("Customer 1 (C002) of ")


def test_a_drawn_customer_is_found_by_the_id_in_exported_records():
    found = json_of("explain", "default", "--customer", "C0000007", *SMALL)
    assert (found["customer"], found["person"]["customer_id"]) == (7, "C0000007")


def test_both_engines_give_the_same_history():
    """Slow only if the compiled engine is not cached yet."""
    texts = [json.dumps(found_by(engine)) for engine in ("reference", "auto")]
    assert texts[0] == texts[1]


def found_by(engine):
    return json_of("explain", "default", "--customer", 3, *SMALL, "--engine", engine)


def test_an_unknown_amount_is_not_zero_and_a_line_that_an_arm_does_not_have_is():
    known, unknown = (LedgerLine("escalations", "cost", quantity, "times", 2.0, "default") for quantity in (3.0, None))
    assert [_signed_amount(line, -1.0) for line in (known, unknown, None)] == [-6.0, None, 0.0]
