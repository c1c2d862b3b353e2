"""`journey query`."""

import pytest

from tests.scenarios.cli.invocation import invoke, json_of

SMALL = ("--customers", "40", "--replications", "2", "--workers", "1")


def test_the_keys_of_the_contract():
    (answer,) = json_of("query", "trial_to_paid", "P(reach cancelled within 90) from paying")
    assert {"question", "value", "ci_low", "ci_high", "method", "reason", "replications"} <= set(answer)
    assert answer["question"] == "P(reach cancelled within 90) from paying"
    assert answer["method"] == "exact"
    assert (answer["ci_low"], answer["ci_high"], answer["replications"]) == (None, None, None)
    assert 0.0 < answer["value"] < 1.0
    assert answer["off"] == ["signals"]


def test_a_simulated_answer_has_an_interval_and_a_reason():
    (answer,) = json_of("query", "trial_to_paid", "P(reach paying within 30)", *SMALL)
    assert answer["method"] == "simulated"
    assert answer["ci_low"] < answer["value"] < answer["ci_high"]
    assert answer["replications"] == 2
    assert "the dwell time of 'convert' from 'trial' is log-logistic" in answer["reason"]


def test_an_infinite_time_is_null():
    (answer,) = json_of("query", "trial_to_paid", "E(time to paused) from paying")
    assert answer["value"] is None
    assert "the expected time is infinite" in answer["reason"]


@pytest.mark.parametrize("width", [60, 80, 100])
def test_the_text_has_aligned_lines(width):
    done = invoke("query", "trial_to_paid", "P(reach cancelled within 90) from paying by segment", COLUMNS=str(width))
    lines = done.stdout.splitlines()
    assert lines[0] == "P(reach cancelled within 90) from paying by segment"
    assert lines[1].startswith("  solo  1")
    assert lines[2].startswith("  team  1")
    assert lines[1].index("%") == lines[2].index("%")
    assert " ".join(lines[3].split()).startswith("Exact: customers follow a continuous-time Markov chain")
    assert "seed 1" in " ".join(lines[-2:])
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize("days", [3_650, 36_525])
def test_a_share_of_rounding_errors_is_printed_without_digits(days):
    done = invoke("query", "trial_to_paid", f"P(stay in paying > {days})")
    assert done.stdout.splitlines()[1] == "  below 0.0000000001 %"


def test_an_error_marks_the_position():
    done = invoke("query", "trial_to_paid", "share(paying)", 'P(reach "payng" within 30)')
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "journey: question 2: unknown stage 'payng'; did you mean 'paying'?",
        '  P(reach "payng" within 30)',
        "          ^",
    ]


def test_two_seeds_give_two_simulated_answers_and_one_exact_answer():
    questions = ("P(reach paying within 30)", "share(paying within 90) from paying")
    one, other = (json_of("query", "trial_to_paid", *questions, *SMALL, "--seed", seed) for seed in (1, 2))
    assert one[0]["value"] != other[0]["value"]
    assert one[1] == other[1]


@pytest.mark.medium
def test_the_number_of_workers_does_not_change_the_answer():
    arguments = ("query", "trial_to_paid", "P(reach paying within 9)", "--customers", "30", "--replications", "3")
    one, two = (json_of(*arguments, "--workers", workers) for workers in (1, 2))
    assert one == two


def test_options_are_checked():
    done = invoke("query", "trial_to_paid", "share(paying)", "--days", "0")
    assert (done.exit_code, "above 0" in done.stderr) == (2, True)
    done = invoke("query", "trial_to_paid", "share(paying)", "--arm", "basline")
    assert (done.exit_code, "did you mean 'baseline'" in done.stderr) == (2, True)
    done = invoke("query", "acquisition_quality", "share(churned) from engagement")
    assert (done.exit_code, "campaigns acquire the customers" in done.stderr) == (2, True)
