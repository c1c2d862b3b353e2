"""The sample-ratio check against SciPy and published cases; it alarms at wrong splits and hardly ever at right ones."""

import numpy as np
import pytest
from scipy.stats import chisquare

from journey.statistics.sample_ratio import ALARM_P_VALUE
from scenarios.experiment.sample_ratio import check_sample_ratio

ARMS = ("baseline", "treated")
HALVES = {"SMB": (0.5, 0.5)}


def test_the_check_is_scipys_chi_square_over_all_and_by_segment():
    planned = {"SMB": (0.5, 0.5), "Enterprise": (0.5, 0.5)}
    assigned = {"SMB": (520, 480), "Enterprise": (90, 130)}
    found = check_sample_ratio(ARMS, planned, assigned)
    assert found.overall.test_result == pytest.approx(tuple(chisquare([610, 610])))
    assert found.segments["SMB"].test_result == pytest.approx(tuple(chisquare([520, 480])))
    assert found.segments["Enterprise"].test_result == pytest.approx(tuple(chisquare([90, 130])))
    assert found.ok


def test_a_published_mismatch_raises_the_alarm():
    # Kohavi, Tang and Xu (2020), chapter 21: 821,588 against 815,482 customers, p = 1.8e-6.
    found = check_sample_ratio(ARMS, HALVES, {"SMB": (821_588, 815_482)})
    assert found.overall.test_result.p_value == pytest.approx(1.8e-6, abs=5e-8)
    assert found.ok is False
    assert "SAMPLE-RATIO ALARM" in found.sentence
    assert "821,588" in found.sentence


def test_a_published_split_that_is_as_planned_raises_none():
    # tea-tasting, user guide: 2023 against 1977; without continuity correction p = 0.4670.
    found = check_sample_ratio(ARMS, HALVES, {"SMB": (2023, 1977)})
    assert found.overall.test_result.p_value == pytest.approx(0.4670, abs=5e-5)
    assert "check passed" in found.sentence


def test_a_segment_that_is_wrong_is_found_where_the_whole_is_not():
    planned = {"SMB": (0.5, 0.5), "Enterprise": (0.5, 0.5)}
    found = check_sample_ratio(ARMS, planned, {"SMB": (900, 1100), "Enterprise": (1100, 900)})
    assert found.overall.test_result.p_value == pytest.approx(1.0)
    assert found.suspects == ["segment SMB", "segment Enterprise"]
    assert found.ok is False


def test_arms_need_not_be_equal_and_may_be_many():
    planned = {"SMB": (0.5, 0.3, 0.2)}
    found = check_sample_ratio(("baseline", "a", "b"), planned, {"SMB": (502, 297, 201)}).as_dict()
    assert found["df"] == 2
    assert found["p_value"] == pytest.approx(chisquare([502, 297, 201], [500, 300, 200]).pvalue)
    assert found["arms"]["a"] == {"assigned": 297, "expected": pytest.approx(300), "planned_share": pytest.approx(0.3)}


def test_too_few_customers_are_no_verdict():
    found = check_sample_ratio(ARMS, HALVES, {"SMB": (7, 1)})
    assert found.ok is None
    assert "too few customers" in found.sentence
    assert found.as_dict()["p_value"] is None


@pytest.mark.slow
def test_the_false_alarm_rate_is_the_one_stated():
    rng = np.random.default_rng(11)
    trials = 40_000
    counts = rng.binomial(1000, 0.5, trials)
    alarms = sum(not check_sample_ratio(ARMS, HALVES, {"SMB": (int(n), 1000 - int(n))}).ok for n in counts)
    # The whole and the one segment are the same test; four standard errors of a Poisson count, and the grid of counts.
    assert alarms <= ALARM_P_VALUE * trials + 4 * np.sqrt(ALARM_P_VALUE * trials)
    assert alarms > 0
