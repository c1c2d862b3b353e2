"""The built-in worlds are plausible for subscription software: stated targets, held by measuring.

The targets are those that the comment at the head of `default.toml` states.
"""

import pytest

from scenarios.comparison import compare
from scenarios.files import load
from simulation.run import run_arm

EQUAL_SEGMENTS = [f"population.segments.{name}.share=1" for name in ("SMB", "Mid-Market", "Enterprise")]


def mean(runs, name):
    values = [run.metrics[name] for run in runs]
    return sum(values) / len(values)


@pytest.fixture(scope="module")
def segments():
    """Current practice over a year, with as many customers in each segment as it takes to tell their churn."""
    setup = load("default", ["population.size=20000", *EQUAL_SEGMENTS]).setups[0]
    return [run_arm(setup, seed=1, replication=0, days=365.0, engine="compiled")]


@pytest.fixture(scope="module", params=["default", "onboarding_outreach"])
def arms(request):
    """Both arms of a scenario in one replication, as it is delivered."""
    loaded = load(request.param)
    return [
        (run_arm(setup, seed=1, replication=0, days=loaded.scenario.horizon_days), loaded.scenario.horizon_days)
        for setup in loaded.setups
    ]


@pytest.mark.parametrize(
    ("segment", "low", "high"), [("SMB", 0.25, 0.35), ("Mid-Market", 0.12, 0.18), ("Enterprise", 0.06, 0.10)]
)
def test_yearly_churn_by_segment(segments, segment, low, high):
    assert low <= mean(segments, f"churn_rate[{segment}]") <= high


def test_customers_are_not_bothered(arms):
    for run, days in arms:
        assert 0.2 <= run.metrics["contacts_per_customer"] * 365.0 / days < 6.0


def test_alarms_are_neither_perfect_nor_worthless(arms):
    for run, _ in arms:
        assert 0.3 <= run.metrics["signal_precision"] <= 0.72
        assert 0.5 <= run.metrics["signal_recall"] <= 0.9


def test_reviewers_have_work_and_are_not_overrun(arms):
    for run, _ in arms:
        assert 0.3 <= run.metrics["gate_utilisation"] <= 0.8
        assert run.metrics["review_wait_days_mean"] < 3.0
        assert run.metrics["reviews_expired"] < 0.05 * run.metrics["reviews"]


def test_customers_are_content_on_the_whole(arms):
    for run, _ in arms:
        assert 3.8 <= run.metrics["csat"] <= 4.4


@pytest.mark.slow
@pytest.mark.parametrize(("name", "low", "high"), [("default", 0.0, 5.0), ("onboarding_outreach", 0.5, 8.0)])
def test_intervening_pays_and_does_not_make_rich(name, low, high):
    found = compare(load(name), workers=2)
    money = found.roi["treated"]
    assert found.verdict.findings["treated"].outcome == "better"
    assert low < money.roi < high
    # Small beside what the cohort pays: a few calls do not move a company.
    assert 0.0 < money.ledger.net < 0.02 * found.arms["baseline"]["retained_value"].mean


def test_ten_customers_show_nothing():
    found = compare(load("seed_ten", ["replications=8"]))
    assert found.customers == 10
    assert found.verdict.findings["treated"].outcome == "no_difference_shown"
    assert "no difference shown" in found.verdict.text
