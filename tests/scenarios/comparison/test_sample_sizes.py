"""Sizes of samples: the upper end of an interval is a number, or the text states that there is none."""

import re
from dataclasses import replace
from math import inf

import pytest

from scenarios.comparison.sample_sizes import RequiredReplications, describe_real_test
from scenarios.metrics.definitions import BUILT_IN
from scenarios.metrics.effects import compute_effect


@pytest.mark.parametrize(
    ("needed", "text"),
    [
        (RequiredReplications(620, 17), "about 620 (interval: from 17, no upper limit)"),
        (RequiredReplications(inf, 1_700), "more than 1,000,000 (interval: from 1,700, no upper limit)"),
    ],
)
def test_required_replications_state_that_there_is_no_upper_limit(needed, text):
    assert str(needed) == text


@pytest.mark.parametrize(
    ("low", "high", "interval"),
    [
        (-0.02, -0.01, r"[\d,]+ to [\d,]+"),
        (-0.02, 0.001, r"from [\d,]+, no upper limit"),
        (-0.02, -0.000_001, r"[\d,]+ to more than 100,000,000"),
    ],
)
def test_the_upper_end_of_a_real_test_is_a_number_or_has_no_limit(low, high, interval):
    effect = _effect(mean=-0.012, low=low, high=high)
    text = describe_real_test(BUILT_IN["churn_rate"], effect)
    assert re.search(rf"about [\d,]+ customers per arm \(interval: {interval}\), observed", text)


def _effect(*, mean, low, high):
    """An effect on a churn rate of 20 %, with this tested interval."""
    effect = compute_effect([0.2, 0.2, 0.2], [0.2, 0.2, 0.2])
    return replace(
        effect,
        difference=effect.difference._replace(mean=mean),
        tested=effect.tested._replace(low=low, high=high),
    )
