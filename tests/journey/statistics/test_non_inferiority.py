"""Whether a difference is no worse than a margin: against scipy, and its error rates by simulation."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from journey.statistics.means import estimate_mean
from journey.statistics.non_inferiority import LEVEL, compare_with_margin

DIFFERENCES = st.lists(st.floats(-5.0, 5.0).map(lambda value: round(value, 6)), min_size=2, max_size=12)
MARGINS = st.floats(-3.0, 3.0).map(lambda value: round(value, 6))


@pytest.mark.parametrize(("worse", "alternative"), [("lower", "greater"), ("higher", "less")])
@pytest.mark.parametrize("margin", [-0.4, 0.0, 0.3])
def test_the_p_value_is_that_of_a_one_sided_t_test_in_scipy(worse, alternative, margin):
    values = np.random.default_rng(12).normal(0.1, 0.5, 9)
    expected = stats.ttest_1samp(values, popmean=margin, alternative=alternative)
    found = compare_with_margin(estimate_mean(list(values)), margin, worse)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)


@given(DIFFERENCES, MARGINS, st.sampled_from(["lower", "higher"]))
def test_the_outcome_is_where_the_interval_lies(values, margin, worse):
    difference = estimate_mean(values)
    assume(difference.sd > 1e-9)
    assume(min(abs(difference.low - margin), abs(difference.high - margin)) > 1e-9)
    accepted = difference.low > margin if worse == "lower" else difference.high < margin
    exceeded = difference.high < margin if worse == "lower" else difference.low > margin
    expected = "holds" if accepted else "broken" if exceeded else "not_shown"
    assert compare_with_margin(difference, margin, worse).outcome == expected


@given(DIFFERENCES, MARGINS)
def test_a_metric_with_its_sign_changed_has_the_same_outcome(values, margin):
    mirrored = compare_with_margin(estimate_mean([-value for value in values]), -margin, "higher")
    assert compare_with_margin(estimate_mean(values), margin, "lower").outcome == mirrored.outcome


@given(DIFFERENCES, MARGINS, st.floats(0.0, 2.0))
def test_a_wider_margin_never_turns_a_guardrail_that_holds_into_one_that_does_not(values, margin, wider):
    order = ["broken", "not_shown", "holds"]
    difference = estimate_mean(values)
    strict, lax = (compare_with_margin(difference, each, "lower").outcome for each in (margin, margin - wider))
    assert order.index(lax) >= order.index(strict)


@pytest.mark.parametrize(("n", "outcome"), [(2, "not_shown"), (5, "not_shown"), (6, "holds"), (20, "holds")])
def test_equal_differences_are_certain_only_if_there_are_enough_of_them(n, outcome):
    """The sign test: six equal differences have a probability of 1/64 by chance, five of 1/32."""
    assert compare_with_margin(estimate_mean([0.0] * n), -0.1, "lower").outcome == outcome
    assert stats.binomtest(n, n, alternative="greater").pvalue == compare_with_margin(
        estimate_mean([0.0] * n), -0.1, "lower"
    ).p_value == 0.5**n  # fmt: skip


@pytest.mark.parametrize("values", [[], [0.2]])
def test_nothing_is_shown_without_an_interval(values):
    assert compare_with_margin(estimate_mean(values), -0.1, "lower") == ("not_shown", None)


def test_at_the_margin_each_claim_is_wrong_in_two_and_a_half_per_cent():
    """4,000 comparisons of 8 replications (seed 4): the observed shares are binomial around 2.5 %."""
    found = _outcomes(np.random.default_rng(4).normal(-0.1, 0.3, (4000, 8)))
    for claim in ("holds", "broken"):
        assert stats.binomtest(found.count(claim), len(found), LEVEL).pvalue > 1e-3, claim


def test_all_of_three_guardrails_hold_by_mistake_in_no_more_than_two_and_a_half_per_cent():
    """Intersection-union: two are kept by far, the third is at its margin (seed 5)."""
    rng = np.random.default_rng(5)
    sets = [_outcomes(rng.normal(mean, 0.3, (3000, 8))) for mean in (2.0, 2.0, -0.1)]
    mistakes = sum(set(outcomes) == {"holds"} for outcomes in zip(*sets, strict=True))
    assert stats.binomtest(mistakes, 3000, LEVEL).pvalue > 1e-3


def _outcomes(samples):
    return [compare_with_margin(estimate_mean(row), -0.1, "lower").outcome for row in samples.tolist()]
