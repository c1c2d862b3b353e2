"""Conversion of each funnel step, overall and by segment."""

import pytest

from journey.marketing.analysis.stage_conversion import compute_stage_conversions
from journey.marketing.views.context import build_context
from journey.marketing.views.funnel import build_funnel_rows
from journey.statistics.proportions import ContingencyTable, pooled_z_test
from tests.journey.marketing.companies import records, row, rows


def _steps(tables=None):
    found = compute_stage_conversions(build_funnel_rows(build_context(records(tables or rows()))), 0.95)
    return {(step.campaign_id, step.segment_id, step.stage): step for step in found}


def test_the_bundled_steps_by_hand():
    found = _steps()
    whole = found["CAMP_001", None, "signup"]
    assert (whole.came, whole.went_on) == (1200 + 950, 180 + 140)
    assert whole.verdict is None
    # 15.0 % and 14.7 %: not significantly different.
    assert found["CAMP_001", "SEG_001", "signup"].verdict == "cannot be told"
    assert found["CAMP_003", "SEG_005", "feature_adopt"].verdict == "only segment"
    assert found["CAMP_002", "SEG_003", "demo_request"].verdict == "less"
    assert found["CAMP_002", "SEG_002", "demo_request"].verdict == "more"


def test_p_values_are_adjusted_by_holm_over_all_comparisons():
    """Four comparisons, two in each of two campaigns; the smallest p-value is multiplied by four, the next by three."""
    found = _steps()
    single = pooled_z_test(ContingencyTable(0, 480, 72, 620)).p_value
    assert found["CAMP_002", "SEG_002", "demo_request"].p_value == 4 * single
    alike = pooled_z_test(ContingencyTable(140, 950, 180, 1200)).p_value
    assert found["CAMP_001", "SEG_001", "signup"].p_value == min(1.0, 2 * alike)


@pytest.mark.medium
def test_days_are_summed_and_a_day_with_a_missing_step_is_excluded():
    tables = rows()
    first = row(tables, "funnel_events", "FNL_0001")
    tables["funnel_events"].append(first | {"event_id": "FNL_0101", "date": "2026-03-15", "timestamp": "2026-03-15"})
    assert _steps(tables)["CAMP_001", "SEG_001", "signup"].came == 1200
    second = row(tables, "funnel_events", "FNL_0002")
    tables["funnel_events"].append(second | {"event_id": "FNL_0102", "date": "2026-03-15", "timestamp": "2026-03-15"})
    found = _steps(tables)
    assert found["CAMP_001", "SEG_001", "signup"].came == 2400
    assert found["CAMP_001", None, "signup"].went_on == 500


@pytest.mark.medium
def test_untrusted_or_not_nested_counts_are_excluded():
    tables = rows()
    row(tables, "funnel_events", "FNL_0002")["confidence"] = 0.1
    assert ("CAMP_001", "SEG_001", "signup") not in _steps(tables)
    tables = rows()
    row(tables, "funnel_events", "FNL_0002")["count"] = 1300
    assert ("CAMP_001", "SEG_001", "signup") not in _steps(tables)
