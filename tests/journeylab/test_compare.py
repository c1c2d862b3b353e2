"""`journeylab.compare` is `journey compare`: the same document, the same errors, and a data frame of effects."""

import json

import pytest

import journeylab as jl
from tests.scenarios.cli.invocation import invoke

SMALL = {"population.size": 60, "horizon_days": 60}
SMALL_OPTIONS = ["--set", "population.size=60", "--set", "horizon_days=60"]


@pytest.fixture(scope="module")
def comparison():
    return jl.compare("default", overrides=SMALL, replications=3)


@pytest.mark.parametrize("mode", ["counterfactual", "randomised"])
def test_the_document_is_that_of_the_command(mode):
    done = invoke(
        "compare", "default", *SMALL_OPTIONS, "--replications", "3", "--mode", mode, "--workers", "1", "--json"
    )
    found = jl.compare("default", overrides=SMALL, replications=3, mode=mode)
    assert found.to_dict() == json.loads(done.stdout)


def test_overrides_may_be_texts_and_the_scenario_may_be_loaded(comparison):
    loaded = jl.load_scenario("default", overrides=["population.size=60"])
    again = jl.compare(loaded, overrides={"horizon_days": 60}, replications=3, seed=1)
    assert json.dumps(again.to_dict()) == json.dumps(comparison.to_dict())


def test_the_data_frame_has_one_row_per_arm_and_metric(comparison):
    frame = comparison.to_pandas()
    document = comparison.to_dict()
    assert list(zip(frame.arm, frame.metric, strict=True)) == [
        (arm, metric) for arm, effects in document["effects"].items() for metric in effects
    ]
    first = frame.iloc[0]
    assert (first.metric, first.unit) == ("churn_rate", "share")
    assert first.difference == document["effects"]["treated"]["churn_rate"]["difference"]
    assert first.baseline == document["arms"]["baseline"]["churn_rate"]["mean"]
    assert comparison.to_polars()["difference"].to_list() == comparison.to_arrow()["difference"].to_pylist()


def test_the_text_begins_with_the_verdict(comparison):
    assert str(comparison).startswith("treated: ")
    assert str(comparison).endswith("3 replications, counterfactual, seed 1, engine reference")


@pytest.mark.parametrize(
    ("options", "arguments"),
    [
        ({"replications": 0}, ["--replications", "0"]),
        ({"seed": -1}, ["--seed", "-1"]),
        ({"overrides": {"populaton.size": 5}}, ["--set", "populaton.size=5"]),
        ({"truth": True}, ["--truth"]),
        ({"precision": {"chrn_rate": 0.1}}, ["--precision", "chrn_rate=0.1"]),
        ({"max_replications": 20}, ["--max-replications", "20"]),
    ],
)
def test_invalid_input_raises_the_sentence_of_the_command(options, arguments):
    done = invoke("compare", "default", *arguments)
    with pytest.raises(jl.InputError) as caught:
        jl.compare("default", **options)
    assert done.exit_code == 2
    assert done.stderr == f"journey: {caught.value}\n"


def test_an_unknown_choice_is_refused_with_the_choices():
    with pytest.raises(jl.InputError, match="mode: 'randomized' is not one of counterfactual, randomised"):
        jl.compare("default", mode="randomized")
    with pytest.raises(jl.InputError, match="engine: 'fast' is not one of auto, reference, compiled"):
        jl.compare("default", engine="fast")


def test_progress_is_reported_and_replications_are_kept(tmp_path):
    seen = []
    options = {"overrides": SMALL, "resume": tmp_path / "kept.jsonl"}
    jl.compare("default", replications=2, progress=seen.append, **options)
    assert [progress.done for progress in seen] == [0, 1, 2, 3, 4]
    seen.clear()
    jl.compare("default", replications=3, progress=seen.append, **options)
    assert seen[0].done == 4


def test_an_interruption_is_raised():
    def interrupt(progress):
        if progress.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        jl.compare("default", overrides=SMALL, replications=3, progress=interrupt)


def test_customers_and_days_are_options():
    by_option = jl.compare("default", customers=30, days=20, replications=2)
    by_key = jl.compare("default", overrides={"population.size": 30, "horizon_days": 20}, replications=2)
    assert by_option.loaded.hash == by_key.loaded.hash
    assert by_option.to_dict() == {**by_key.to_dict(), "overrides": []}
