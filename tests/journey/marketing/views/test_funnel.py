"""The funnel: counts, step conversion, flags and leaky cells."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.marketing.analysis.late_conversions import Conversion, compute_late_converters
from journey.marketing.core.policy import FunnelPolicy, MarketingPolicy, Trust
from journey.marketing.views.context import build_context
from journey.marketing.views.funnel import build_funnel_rows, find_leaky_cells
from tests.journey.marketing.companies import find_codes, records, row, rows
from tests.levels import examples


def _campaign(path, **fields):
    return {"campaign_id": "C", "path": list(path)} | fields


def _count(index, stage, count, **fields):
    return {
        "event_id": f"F{index}", "timestamp": "2030-05-01", "campaign_id": "C", "segment_id": "S", "channel_id": "H",
        "stage": stage, "count": count, "source": "crm", "confidence": 1.0,
    } | fields  # fmt: skip


def _funnel(*counts, path=(), policy=None):
    tables = {
        "funnel_events": [
            _count(index, *count[:2], **(count[2] if len(count) > 2 else {})) for index, count in enumerate(counts)
        ]
    }
    if path:
        tables["campaigns"] = [_campaign(path)]
    return build_funnel_rows(build_context(records(tables), policy=policy))


def test_the_bundled_funnel_has_the_published_counts():
    """180 of 1,200 visits sign up; 0 of 480 request a demo and 0 of 410 adopt the feature."""
    found = {(*step.cell, step.stage): step for step in build_funnel_rows(build_context(records(rows())))}
    signup = found["CAMP_001", "SEG_001", "CH_01", "signup"]
    assert (signup.count, signup.conversion, signup.flag) == (180, 0.15, "mixed_sources")
    assert signup.nested is False
    demo = found["CAMP_002", "SEG_003", "CH_03", "demo_request"]
    assert (demo.count, demo.conversion, demo.ci_low, demo.flag) == (0, 0.0, 0.0, "drop_off")
    adopted = found["CAMP_003", "SEG_005", "CH_04", "feature_adopt"]
    assert (adopted.conversion, adopted.nested, adopted.flag) == (0.0, True, "drop_off")
    assert len(found) == 10


def test_a_step_without_a_count_is_unknown_and_not_zero():
    visit, signup, purchase = _funnel(("visit", 100), ("purchase", 5), path=("visit", "signup", "purchase"))
    assert (signup.count, signup.conversion, signup.flag) == (None, None, "not_recorded")
    assert (purchase.count, purchase.conversion, purchase.denominator) == (5, None, "signup")
    assert visit.conversion is None


def test_conversion_follows_the_campaigns_own_path():
    """Without signups in the path, the conversion of a purchase is relative to visits."""
    _, purchase = _funnel(("visit", 100), ("purchase", 5), path=("visit", "purchase"))
    assert (purchase.conversion, purchase.denominator) == (0.05, "visit")


def test_without_a_declared_path_the_recorded_steps_are_the_path_in_the_funnels_order():
    found = _funnel(("purchase", 5), ("click", 50), ("visit", 100))
    assert [step.stage for step in found] == ["click", "visit", "purchase"]


def test_a_count_without_a_date_belongs_to_the_day_of_its_timestamp():
    found = _funnel(
        ("visit", 100, {"date": "2030-04-30", "timestamp": "2030-05-01T09:00:00"}),
        ("signup", 20, {"timestamp": "2030-05-01T09:00:00"}),
    )
    assert [(step.date, step.count) for step in found if step.count is not None] == [
        (date(2030, 4, 30), 100),
        (date(2030, 5, 1), 20),
    ]


def test_a_count_above_that_of_the_previous_step_has_no_conversion():
    _, signup = _funnel(("visit", 10), ("signup", 11, {"source": "web_analytics"}))
    assert (signup.conversion, signup.ci_low, signup.ci_high, signup.flag) == (None, None, None, "over_one")


def test_a_step_that_two_sources_count_is_unknown():
    _, signup = _funnel(("visit", 100), ("signup", 11), ("signup", 11, {"source": "web_analytics"}))
    assert (signup.count, signup.flag) == (None, "counted_twice")


@pytest.mark.parametrize("second", [11, 12])
def test_counts_of_a_step_by_one_source_are_added(second):
    _, signup = _funnel(("visit", 100), ("signup", 11), ("signup", second))
    assert (signup.count, signup.conversion) == (11 + second, (11 + second) / 100)


def test_added_counts_have_the_lowest_confidence_of_their_rows():
    _, signup = _funnel(("visit", 1000), ("signup", 0), ("signup", 0, {"confidence": 0.55}))
    assert (signup.count, signup.flag) == (0, "not_trusted")


def test_an_untrusted_count_is_not_flagged_as_a_drop_off():
    counts = (("visit", 1000), ("signup", 0, {"confidence": 0.55}))
    assert _funnel(*counts)[1].flag == "not_trusted"
    assert _funnel(*counts, policy=MarketingPolicy(trust=Trust(least=0.5)))[1].flag == "drop_off"


def test_an_untrusted_previous_step_makes_the_conversion_untrusted():
    _, signup = _funnel(("visit", 1000, {"confidence": 0.1}), ("signup", 0))
    assert signup.flag == "not_trusted"


def test_a_cell_with_less_than_half_the_conversion_of_the_others_is_a_drop_off():
    """With 40 of 100 in the other cell, 10 of 100 is a drop-off (at most 17 %), and 35 of 100 is not."""
    others = (("visit", 100, {"segment_id": "B"}), ("signup", 40, {"segment_id": "B"}))
    leaking = _funnel(("visit", 100), ("signup", 10), *others)
    fine = _funnel(("visit", 100), ("signup", 35), *others)
    assert [step.flag for step in leaking if step.stage == "signup" and step.segment_id == "S"] == ["drop_off"]
    assert [step.flag for step in fine if step.stage == "signup" and step.segment_id == "S"] == [None]


def test_few_visitors_are_no_evidence_of_a_drop_off():
    _, signup = _funnel(("visit", 5), ("signup", 0))
    assert signup.flag is None


@pytest.mark.slow
@settings(max_examples=examples(20, otherwise=5))  # each example reads tables
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(["visit", "signup", "purchase"]), st.integers(0, 50)),
        unique_by=lambda count: count[:2], min_size=1, max_size=9,
    )
)  # fmt: skip
def test_all_counts_are_kept_and_each_conversion_is_inside_its_interval(counted):
    tables = {
        "funnel_events": [
            _count(index, stage, count, timestamp=f"2030-05-0{day + 1}")
            for index, (day, stage, count) in enumerate(counted)
        ]
    }
    found = build_funnel_rows(build_context(records(tables)))
    assert sum(step.count or 0 for step in found) == sum(count for _, _, count in counted)
    for step in found:
        assert (step.flag == "not_recorded") == (step.count is None)
        if step.conversion is not None:
            assert 0.0 <= step.ci_low <= step.conversion <= step.ci_high <= 1.0


def test_a_strong_click_rate_with_a_weak_last_step_is_a_leaky_cell():
    context = build_context(records(rows()))
    found = find_leaky_cells(context, build_funnel_rows(context))
    assert [(each.segment_id, each.channel_id, each.count, each.before) for each in found] == [
        ("SEG_003", "CH_03", 0, 480),
        ("SEG_005", "CH_04", 0, 410),
    ]
    assert found[0].click_rate == pytest.approx(2140 / 28500)


def test_a_weak_click_rate_is_no_leaky_cell():
    policy = MarketingPolicy(funnel=FunnelPolicy(strong_click_rate=0.2))
    context = build_context(records(rows()), policy=policy)
    assert not find_leaky_cells(context, build_funnel_rows(context))


def test_a_leaky_cell_is_assessed_over_all_its_days():
    """0 of 480 on one day and 60 of 480 on another are 6 % together, which is not weak."""
    tables = rows()
    for key, count in (("FNL_0007", 480), ("FNL_0008", 60)):
        other = row(tables, "funnel_events", key) | {"event_id": key + "b", "count": count}
        tables["funnel_events"].append(other | {"timestamp": "2026-03-16T00:00:00", "date": "2026-03-16"})
    context = build_context(records(tables))
    found = find_leaky_cells(context, build_funnel_rows(context))
    assert [each.segment_id for each in found] == ["SEG_005"]


def test_daily_totals_cannot_show_late_converters_and_the_result_gives_this_reason():
    answer = compute_late_converters(None)
    assert answer.segments == ()
    assert "daily totals" in answer.reason


def test_dated_conversions_show_late_converters():
    first = date(2030, 5, 1)
    answer = compute_late_converters(
        [
            Conversion("A", first, date(2030, 5, 2), 60),
            Conversion("A", first, date(2030, 5, 8), 20),
            Conversion("A", first, date(2030, 5, 9), 20),
            Conversion("B", first, date(2030, 5, 31), 10),
        ]
    )
    early, late = answer.segments
    assert (early.segment_id, early.converted, early.median_days, early.late.value) == ("A", 100, 1, 0.2)
    assert (late.segment_id, late.converted, late.median_days, late.late.value) == ("B", 10, 30, 1.0)
    assert answer.reason is None


def _count_late_in_new_york(date):
    tables = rows()
    tables["funnel_events"] = [
        {"event_id": f"F{index}", "timestamp": timestamp, "date": date, "campaign_id": "CAMP_001",
         "segment_id": "SEG_001", "channel_id": "CH_01", "stage": stage, "count": count, "source": "crm",
         "confidence": 0.95}
        for index, (timestamp, stage, count) in enumerate(
            [("2026-03-14T12:00:00-05:00", "visit", 100), ("2026-03-14T23:30:00-05:00", "signup", 20)]
        )
    ]  # fmt: skip
    return tables


def test_a_day_is_compared_with_the_timestamps_own_time_zone():
    """23:30 in New York on 14 March is 04:30 UTC on the 15th."""
    right = find_codes(_count_late_in_new_york("2026-03-14"))
    assert "date-disagrees" not in {code for code, _ in right}
    wrong = find_codes(_count_late_in_new_york("2026-03-15"))
    assert {("date-disagrees", "F0"), ("date-disagrees", "F1")} <= wrong


def test_without_a_date_one_local_day_is_one_cell():
    found = build_funnel_rows(build_context(records(_count_late_in_new_york(None))))
    counted = {(row.stage, row.date.isoformat()): row.count for row in found if row.count is not None}
    assert counted == {("visit", "2026-03-14"): 100, ("signup", "2026-03-14"): 20}
