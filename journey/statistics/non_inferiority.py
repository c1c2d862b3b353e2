"""Non-inferiority tests: whether the data show that a difference is no worse than a margin.

The null hypothesis is "the true difference is at the margin or worse". It is tested one-sided at 2.5 %: it is rejected
exactly where the 95 % interval of the difference lies wholly on the accepted side of the margin. The opposite test, of
"the true difference is at the margin or better", shows that the margin is exceeded. See Piaggio et al. (2012,
doi:10.1001/jama.2012.87802), and Wellek (2010), Testing Statistical Hypotheses of Equivalence and Noninferiority.

Several margins that must all hold are one intersection-union test. It has the level of the single tests without a
correction (Berger 1982, doi:10.1080/00401706.1982.10487790).
"""

from math import ceil, copysign, log2
from typing import Literal, NamedTuple

from journey.statistics.means import CONFIDENCE, Estimate

Outcome = Literal["holds", "broken", "not_shown"]
"""The data show that the difference is better than the margin, that it is worse, or neither."""

LEVEL = (1.0 - CONFIDENCE) / 2.0
"""Significance level of the one-sided tests."""

SIGN_TEST_REPLICATIONS = ceil(log2(1.0 / LEVEL))
"""Smallest number of equal differences that shows on which side of the margin the true difference is."""


class MarginTest(NamedTuple):
    """The comparison of a difference with a margin.

    Attributes:
        outcome: The result of both one-sided tests.
        p_value: One-sided p-value of "the true difference is at the margin or worse"; None without an interval.
    """

    outcome: Outcome
    p_value: float | None


def compare_with_margin(difference: Estimate, margin: float, worse: Literal["lower", "higher"]) -> MarginTest:
    """Test whether a mean difference is better or worse than a margin.

    Args:
        difference: The mean difference, with its standard deviation.
        margin: The worst accepted difference.
        worse: The direction in which the difference becomes worse.
    """
    if difference.mean is None or difference.sd is None:
        return MarginTest("not_shown", None)
    # Above 0 is better than the margin, whatever the direction.
    advantage = (difference.mean - margin) if worse == "lower" else (margin - difference.mean)
    better, not_better = _one_sided_p_values(advantage, difference.sd, difference.n)
    outcome: Outcome = "holds" if better <= LEVEL else "broken" if not_better <= LEVEL else "not_shown"
    return MarginTest(outcome, better)


def _one_sided_p_values(advantage: float, sd: float, n: int) -> tuple[float, float]:
    """The p-values of "the true advantage is 0 or less" and of "it is 0 or more"."""
    from scipy.special import stdtr

    if sd == 0.0:
        # Equal differences in all replications prove nothing by themselves; the sign test is exact
        # (`journey.statistics.means`).
        agreement = 0.5**n
        return {1.0: (agreement, 1.0), -1.0: (1.0, agreement), 0.0: (1.0, 1.0)}[
            copysign(1.0, advantage) if advantage else 0.0
        ]
    t = advantage / (sd / n**0.5)
    return float(stdtr(n - 1, -t)), float(stdtr(n - 1, t))
