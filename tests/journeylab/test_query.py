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
