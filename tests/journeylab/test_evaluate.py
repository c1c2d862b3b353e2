"""`journeylab.evaluate` and `check` are the commands: the same documents and errors; and data frames."""

import json

import pandas as pd
import polars as pl
import pytest

import journeylab as jl
from tests.scenarios.cli.invocation import invoke


@pytest.fixture(scope="module")
def evaluation():
    return jl.evaluate()


def plain(document):
    return json.loads(json.dumps(document))


def test_the_documents_are_those_of_the_commands(evaluation):
    assert plain(evaluation.to_dict()) == json.loads(invoke("evaluate", "--json").stdout)
    assert plain(jl.check().to_dict()) == json.loads(invoke("check", "--json").stdout)
    replayed = jl.evaluate(customer="C001", as_of="2025-01-16", replay=True)
    options = ["--customer", "C001", "--as-of", "2025-01-16", "--replay", "--json"]
    assert plain(replayed.to_dict()) == json.loads(invoke("evaluate", *options).stdout)


def test_decisions_enter_pandas_polars_and_arrow(evaluation):
    frame = evaluation.to_pandas()
    decisions = list(evaluation.decisions)
    assert frame.customer_id.tolist() == [decision.customer_id for decision in decisions]
    assert frame.severity.tolist() == [decision.severity for decision in decisions]
    assert evaluation.to_polars()["triggered_by_signals"].to_list() == [
        list(decision.triggered_by_signals) for decision in decisions
    ]
    assert evaluation.to_arrow().column_names == list(frame.columns) == pl.DataFrame(evaluation).columns


@pytest.mark.compiled
def test_a_batch_gives_the_same_data_frame(evaluation):
    from journey.batch import evaluate_batch
    from journey.evaluation.evaluate import evaluate

    records = jl.Records.from_tables({})
    assert evaluate_batch(records, "2025-01-01").to_pandas().empty
    at_once = evaluate(bundled := read_bundled(), batch=True)
    pd.testing.assert_frame_equal(at_once.to_pandas(), evaluation.to_pandas())
    table = evaluate_batch(bundled)
    pd.testing.assert_frame_equal(table.to_pandas(), evaluation.to_pandas())
    assert repr(table) == f"10 decisions ({bundled.source}) as of {table.as_of}"
    pd.testing.assert_frame_equal(at_once.findings.to_pandas(), evaluation.findings.to_pandas())


def read_bundled():
    from journey.records.folder import bundled_folder, read_folder

    return read_folder(bundled_folder())


def test_frames_and_records_are_evaluated(evaluation):
    bundled = read_bundled()
    frames = {
        name: bundled.connection.sql(f"SELECT * EXCLUDE (row_number, gaps) FROM {name}").df()
        for name in ("customers", "journey_state_log", "signals", "interventions", "outcomes")
    }
    expected = evaluation.to_dict()["decisions"]
    assert jl.evaluate(frames).to_dict()["decisions"] == expected
    assert jl.evaluate(bundled).to_dict()["decisions"] == expected
    assert jl.check(frames).counts == jl.check(bundled).counts


def test_findings_are_a_table(evaluation):
    checked = jl.check()
    assert len(checked.to_pandas()) == len(checked.findings) == sum(checked.counts.values())
    assert list(checked.to_pandas().columns) == ["code", "severity", "dataset", "record", "customer_id", "message"]
    assert len(evaluation.findings.to_pandas()) == len(evaluation.findings)


@pytest.mark.slow
def test_the_policy_may_be_an_object_or_a_file(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text('name = "strict"\n[thresholds]\nact_severity = 1.0\n')
    from_file = jl.evaluate(policy=path)
    assert from_file.policy.name == "strict"
    policy = jl.Policy(name="strict", thresholds={"act_severity": 1.0})
    assert without_files(from_file) == without_files(jl.evaluate(policy=policy))
    assert without_files(jl.evaluate(journey=jl.default_journey())) == without_files(jl.evaluate(journey="default"))


def without_files(evaluation):
    return {key: value for key, value in evaluation.to_dict().items() if key != "used"}


def test_the_texts_begin_with_the_totals(evaluation):
    assert str(evaluation).splitlines()[-1] == (
        f"10 customers (the ten bundled customers) as of {evaluation.as_of}, policy {evaluation.policy.name}"
    )
    assert " of 10 decisions recommend an action, " in str(evaluation).splitlines()[0]
    assert str(jl.check()).startswith(f"{len(jl.check().findings)} findings (error ")


def test_invalid_input_raises_the_sentence_of_the_command(tmp_path):
    for options, arguments in (
        ({"records": tmp_path / "none"}, [tmp_path / "none"]),
        ({"as_of": "yesterday"}, ["--as-of", "yesterday"]),
        ({"customer": "C01"}, ["--customer", "C01"]),
        ({"journey": "defalt"}, ["--journey", "defalt"]),
    ):
        with pytest.raises(jl.InputError) as caught:
            jl.evaluate(**options)
        assert invoke("evaluate", *arguments).stderr == f"journey: {caught.value}\n"


def test_a_journey_with_rules_has_its_findings_in_both(tmp_path):
    path = tmp_path / "journey.toml"
    path.write_text(
        "[journey.stage.support]\ntypical_days = 7\n\n[[rules]]\nname = 'answer'\ntemplate = 'response'\n"
        "a = 'signal:failed_onboarding_step'\nb = 'action:onboarding_specialist_call'\nwithin_days = 3\n"
    )
    checked = jl.check(journey=path)
    assert plain(checked.to_dict()) == json.loads(invoke("check", "--journey", path, "--json").stdout)
    assert [(rules.name, rules.broken) for rules in checked.rules] == [("answer", 1)]
    found = [finding for finding in jl.evaluate(journey=path).findings if finding.code == "rule-broken"]
    assert found == [finding for finding in checked.findings if finding.code == "rule-broken"]
    assert [finding.customer_id for finding in found] == ["C006"]
