"""`journeylab.query`."""

import journeylab as jl
from tests.scenarios.cli.invocation import json_of

QUESTION = "P(reach cancelled within 90) from paying by segment"


def test_python_and_the_command_give_the_same_document():
    assert jl.query("trial_to_paid", QUESTION).to_dict() == json_of("query", "trial_to_paid", QUESTION)


def test_a_data_frame_has_one_row_per_answer():
    result = jl.query("trial_to_paid", [QUESTION, "share(paying)"], customers=20, replications=2, days=400.0)
    frame = result.to_pandas()
    assert frame["question"].tolist() == [QUESTION, QUESTION, "share(paying)"]
    assert frame["segment"].tolist()[:2] == ["solo", "team"]
    assert frame["value"].tolist()[:2] == [answer.value for answer in result.answers[:2]]
    assert frame["value"].isna().tolist() == [answer.value is None for answer in result.answers]
    assert str(result).splitlines()[0] == "<answers about trial_to_paid, baseline>"


def test_the_text_has_the_interval_of_a_simulated_answer_only():
    simulated, exact = jl.query(
        "trial_to_paid",
        ["P(reach paying within 30)", 'P(reach "cancelled" within 90) from "paying"'],
        customers=20,
        replications=2,
    ).answers
    text = str(jl.query("trial_to_paid", [simulated.question, exact.question], customers=20, replications=2))
    _, first, second = text.splitlines()
    assert first.endswith(
        f"{simulated.value:.6g} share (95 % interval {simulated.ci_low:.6g} to {simulated.ci_high:.6g}), simulated"
    )
    assert second.endswith(f"{exact.value:.6g} share, exact")
