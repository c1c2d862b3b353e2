"""Values, intervals and reasons of answers from totals that are given, not simulated."""

import pytest
from scipy import stats

from simulation.questions.answers import answer_from_runs
from simulation.questions.question import Question
from simulation.questions.totals import Totals

ALL = ("all", "low")


def answer(question, *runs):
    """The answer from the totals of each replication."""
    (found,) = answer_from_runs(question, [{ALL: run} for run in runs], 30.0, [])
    return found


@pytest.mark.parametrize("kind", ["reach", "stay"])
@pytest.mark.parametrize(
    "runs",
    [
        (Totals(3, 10), Totals(3, 10)),
        (Totals(1, 5), Totals(2, 10), Totals(0, 0), Totals(3, 15)),
        # Few customers count, and in one replication none.
        (Totals(1, 2), Totals(0, 0), Totals(1, 3)),
    ],
)
def test_a_probability_without_spread_has_an_interval_of_its_customers(kind, runs):
    found = answer(Question("q", kind, "x", days=30.0, start="y"), *runs)
    part, whole = (int(sum(column)) for column in list(zip(*runs, strict=True))[:2])
    wilson = stats.binomtest(part, whole).proportion_ci(method="wilson")
    assert (found.ci_low, found.ci_high) == pytest.approx((wilson.low, wilson.high))


@pytest.mark.parametrize(("kind", "total"), [("visits", 0.0), ("share", 0.0), ("share", 3.0), ("time", 300.0)])
def test_a_mean_without_spread_has_no_interval(kind, total):
    found = answer(Question("q", kind, "x", days=30.0), Totals(total, 10), Totals(total, 10), Totals(total, 10))
    assert found.value == total / 10
    assert (found.ci_low, found.ci_high) == (None, None)
    assert found.reason == "no interval, because the value is the same in every replication"


def test_a_mean_of_few_customers_has_no_interval():
    found = answer(Question("q", "visits", "x", days=30.0), Totals(3, 2), Totals(0, 0), Totals(1, 3))
    assert (found.value, found.ci_low, found.ci_high) == (0.8, None, None)
    assert found.reason == "no interval, because too few customers count"


def test_a_probability_is_a_ratio_of_means_with_a_t_interval():
    found = answer(Question("q", "reach", "x", days=30.0), Totals(2, 10), Totals(3, 10), Totals(4, 10))
    assert found.value == pytest.approx(0.3)
    assert (found.ci_low, found.ci_high) == pytest.approx(stats.ttest_1samp([0.2, 0.3, 0.4], 0).confidence_interval())


@pytest.mark.parametrize(
    ("question", "share"),
    [
        (Question("q", "stay", "x", days=5.0, start="y"), "50 %"),
        (Question("q", "time", "x", if_reached=True), "50 %"),
        (Question("q", "visits", "x"), "100 %"),
    ],
)
def test_the_share_of_unknown_outcomes_is_of_the_customers_that_can_count(question, share):
    found = answer(question, Totals(20, 100, undecided=100), Totals(25, 100, undecided=100))
    assert found.value is None
    assert found.reason.startswith(f"the outcome of {share} of the customers is not known")
