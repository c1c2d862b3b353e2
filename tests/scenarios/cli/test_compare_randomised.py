"""`journey compare --mode randomised` as a user runs it."""

import json
import os
import signal

import pytest

from tests.scenarios.cli.invocation import invoke, json_of
from tests.scenarios.cli.started_commands import begun
from tests.scenarios.experiment import known_experiments

SIZE = ["--set", "population.size=80", "--set", "horizon_days=60", "--mode", "randomised"]
SMALL = [*SIZE, "--replications", "3"]


@pytest.fixture
def planted(monkeypatch):
    monkeypatch.setattr("simulation.runs.run.run_together", known_experiments.planted)


@pytest.mark.compiled
def test_the_engines_give_the_same_experiment():
    """Workers included; sums are taken in another order by the other engine."""
    one = json_of("compare", "default", *SMALL, "--workers", "1", "--engine", "reference")
    two = json_of("compare", "default", *SMALL, "--workers", "2", "--engine", "reference")
    other = json_of("compare", "default", *SMALL, "--workers", "1", "--engine", "compiled")
    assert one == two
    assert one["sample_ratio"] == other["sample_ratio"]
    for name, effect in one["effects"]["treated"].items():
        assert effect["difference"] == pytest.approx(other["effects"]["treated"][name]["difference"], abs=1e-6)
    assert one["mode"] == "randomised"


@pytest.mark.compiled
def test_the_tables_name_the_split_the_lift_and_the_null(planted):
    done = invoke("compare", "default", "--mode", "randomised", "--workers", "1", "--replications", "8", "--full")
    output = " ".join(done.stdout.split())
    assert done.exit_code == 0
    for words in (
        "customers are assigned to one arm each (baseline",
        "treated compared with baseline, totals per customer",
        "lift",
        'null hypothesis "no difference in this metric"',
        "churn rate by segment",
        "Sample-ratio check passed",
        "All arms share the reviewers",
        "One experiment of this size",
        "if all 1,000 customers were in this arm instead of the baseline",
        "--mode randomised",
    ):
        assert words in output
    assert "with common random numbers" not in output


@pytest.mark.slow
def test_sixty_columns_are_enough(planted):
    done = invoke(
        "compare", "default", "--mode", "randomised", "--workers", "1", "--replications", "8", "--full", COLUMNS="60"
    )
    assert max(len(line) for line in done.stdout.splitlines()) <= 60
    assert "lift " in done.stdout


@pytest.mark.compiled
@pytest.mark.parametrize("ending", ["md", "html"])
def test_a_report_contains_the_tables_and_more(planted, tmp_path, ending):
    path = tmp_path / f"report.{ending}"
    command = ["compare", "default", "--mode", "randomised", "--workers", "1", "--replications", "8", "--report", path]
    assert invoke(*command).exit_code == 0
    text = path.read_text()
    for words in (
        "Sample ratio",
        "Effects: treated compared with baseline",
        "p adjusted",
        "by segment",
        "Fieller",
        "power",
    ):
        assert words in text
    assert "with common random numbers" not in text


@pytest.mark.compiled
def test_a_sample_ratio_mismatch_is_reported_before_any_conclusion(monkeypatch):
    monkeypatch.setattr("simulation.runs.run.run_together", known_experiments.wrongly_split)
    done = invoke("compare", "default", "--mode", "randomised", "--workers", "1", "--replications", "12")
    assert done.exit_code == 0
    assert " ".join(done.stdout.split()).partition("Verdict ")[2].startswith("SAMPLE-RATIO ALARM")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["arms.treated.reviewers.per_1000=9"], "compare them counterfactually instead"),
        (["arms.treated.share=0"], "no segment is divided between the arms"),
        (["arms.treated.share_by_segment={ SBM = 2 }"], "did you mean 'SMB'?"),
        (["arms.treated=false"], "at least one arm besides 'baseline'"),
        (["primary_metric=gate_utilisation"], "use --mode counterfactual"),
        (["population.size=1"], "larger population.size"),
    ],
)
def test_what_cannot_be_split_is_a_message_and_exit_code_2(overrides, message):
    given = [argument for override in overrides for argument in ("--set", override)]
    done = invoke("compare", "default", "--mode", "randomised", "--workers", "1", "--replications", "2", *given)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.compiled
def test_an_interrupted_experiment_goes_on_to_the_same_bytes_and_in_its_mode_only(monkeypatch, tmp_path):
    command = ["compare", "default", "--replications", "5", "--workers", "1", "--json", "--mode", "randomised"]
    kept = ["--resume", tmp_path / "kept.jsonl"]
    monkeypatch.setattr("simulation.runs.run.run_together", known_experiments.interrupted_in_the_third)
    cut = invoke(*command, *kept)
    assert cut.exit_code == 130
    assert json.loads(cut.stdout)["replications"] == 2
    monkeypatch.setattr("simulation.runs.run.run_together", known_experiments.planted)
    assert invoke(*command, *kept).stdout == invoke(*command).stdout
    other = invoke(*command[:-2], *kept)
    assert other.exit_code == 2
    assert "give --mode randomised" in other.stderr


@pytest.mark.compiled
def test_the_truth_is_reported_beside_the_experiment(planted, tmp_path):
    path = tmp_path / "r.md"
    command = ["compare", "default", "--mode", "randomised", "--truth", "--workers", "1", "--replications", "5"]
    done = invoke(*command, "--report", path)
    output = " ".join(done.stdout.split())
    assert "Compared with the true effect: with all customers in treated, churn rate differs" in output
    assert "--mode randomised --truth" in output
    assert "| churn rate |" in path.read_text().partition("Comparison with the true effect")[2]


def test_the_truth_of_the_truth_is_refused():
    done = invoke("compare", "default", "--truth")
    assert done.exit_code == 2
    assert "--truth: requires --mode randomised" in done.stderr


@pytest.mark.slow
def test_ctrl_c_ends_the_workers_and_keeps_the_experiments_that_are_complete(tmp_path):
    path = tmp_path / "kept.jsonl"
    with begun(path, "default", *SIZE, "--replications", "4000", "--workers", "2", least=3) as running:
        os.kill(running.pid, signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert 3 <= json.loads(out)["replications"] < 4000
    assert "Traceback" not in err
