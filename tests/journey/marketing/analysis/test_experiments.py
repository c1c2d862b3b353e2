"""Analysis of experiments, each on its own metric."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from journey.marketing.analysis.experiment_tests import Family, choose_test
from journey.marketing.analysis.experiments import analyse_experiments, report_experiments
from journey.marketing.core.policy import ExperimentPolicy, MarketingPolicy
from journey.marketing.views.context import build_context
from journey.statistics.proportions import ContingencyTable
from journey.statistics.score_intervals import difference_interval
from tests.journey.marketing.companies import find_codes, records, row, rows
from tests.levels import examples

# statsmodels, documentation of proportions_ztest: counts 5 and 12 of 83 and 99.
PUBLISHED = {"control": (5, 83), "variant": (12, 99), "z": -1.4078304151258787, "p": 0.15918129181156992}


def _set_counts(tables, experiment, control, variant):
    """Replace performance by these counts for one experiment."""
    assets = row(tables, "experiments", experiment)
    tables["performance_metrics"] = [
        {"asset_id": assets[name], "experiment_id": experiment, "timestamp": "2026-03-16T22:00:00",
         "impressions": n, "clicks": n, "conversions": count, "cost": 1.0}
        for name, (count, n) in (("control_asset", control), ("variant_asset", variant))
    ]  # fmt: skip


def _analyse(tables, experiment, **options):
    return next(
        found
        for found in analyse_experiments(build_context(records(tables), **options))
        if found.experiment_id == experiment
    )


def test_the_z_test_is_the_published_one():
    tables = rows()
    _set_counts(tables, "EXP_001", PUBLISHED["control"], PUBLISHED["variant"])
    found = _analyse(tables, "EXP_001")
    # statsmodels subtracts the second from the first, so the sign is reversed.
    assert found.statistic == pytest.approx(-PUBLISHED["z"], rel=1e-9)
    assert found.p_value == pytest.approx(PUBLISHED["p"], rel=1e-9)
    assert found.call == "no winner"
    assert found.lift == pytest.approx((12 / 99) / (5 / 83) - 1, rel=1e-12)
    assert found.ci_low < 0.0 < found.ci_high


def test_an_experiment_on_clicks_is_analysed_by_clicks_not_conversions():
    """EXP_004 has thousands of clicks and no conversion at all."""
    found = _analyse(rows(), "EXP_004")
    assert (found.metric, found.definition) == ("click_through_rate", "clicks per impression")
    assert (found.control.count, found.control.n, found.control.denominator) == (1040, 14100, "impressions")
    expected = stats.chi2_contingency([[1040, 14100 - 1040], [1100, 14400 - 1100]], correction=False)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    assert "neither asset has any conversion" in found.notes
    assert any("the KPI of its campaign is demo_request_rate" in note for note in found.notes)


def test_an_experiment_may_set_its_denominator_and_its_test():
    tables = rows()
    row(tables, "experiments", "EXP_001").update(denominator="clicks", test="fisher_exact")
    found = _analyse(tables, "EXP_001")
    assert (found.control.count, found.control.n, found.control.denominator) == (99, 946, "clicks")
    assert (found.variant.count, found.variant.n) == (122, 1012)
    assert found.test == "Fisher's exact test"
    assert found.statistic is None
    # R: fisher.test does the same; SciPy's own documentation names it as its model.
    assert found.p_value == pytest.approx(stats.fisher_exact([[122, 890], [99, 847]]).pvalue, rel=1e-12)


def test_a_winner_is_named_with_its_p_value_and_without_a_sample_size():
    tables = rows()
    # The published V1 counts of EXP_003.
    _set_counts(tables, "EXP_003", (36, 6000), (62, 6200))
    row(tables, "experiments", "EXP_003")["status"] = "completed"
    found = _analyse(tables, "EXP_003")
    assert (found.call, found.winner, found.sample_size) == ("winner", "ASSET_006", None)
    assert found.p_value < 0.05
    assert found.ci_low > 0.0


def test_the_control_may_win():
    tables = rows()
    _set_counts(tables, "EXP_003", (62, 6200), (36, 6000))
    row(tables, "experiments", "EXP_003")["status"] = "completed"
    assert _analyse(tables, "EXP_003").winner == "ASSET_005"


def test_without_a_winner_the_required_sample_size_agrees_with_r():
    tables = rows()
    _set_counts(tables, "EXP_001", (10, 20), (15, 20))
    found = _analyse(tables, "EXP_001", policy=MarketingPolicy(experiments=ExperimentPolicy(power=0.9)))
    # R: power.prop.test(p1 = .50, p2 = .75, power = .90) gives n = 76.7 per group (its help page).
    assert (found.call, found.sample_size) == ("no winner", 77)
    assert "77 impressions per asset" in found.reason


def test_equal_rates_have_no_sample_size():
    tables = rows()
    _set_counts(tables, "EXP_001", (50, 1000), (50, 1000))
    found = _analyse(tables, "EXP_001")
    assert (found.call, found.sample_size) == ("no winner", None)
    assert "no sample would find one" in found.reason


def test_a_lift_on_a_rate_of_0_is_null_with_a_reason_and_the_difference_is_given():
    tables = rows()
    _set_counts(tables, "EXP_002", (0, 1000), (40, 1000))
    found = _analyse(tables, "EXP_002")
    assert (found.lift, found.ci_low, found.ci_high) == (None, None, None)
    assert "the control's rate is 0" in found.lift_reason
    assert found.call == "winner"
    assert found.difference == pytest.approx(0.04)
    assert found.difference_ci_low > 0.0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"metric": None}, "names no metric"),
        ({"metric": "conversion_rat"}, "did you mean 'conversion_rate'"),
        ({"denominator": "sends"}, "its denominator 'sends' is not counted by the performance metrics"),
        ({"test": "fisher"}, "its test 'fisher' is unknown; did you mean 'fisher_exact'"),
        ({"variant_asset": "ASSET_001"}, "does not name two different assets"),
        ({"variant_asset": "ASSET_003"}, "no performance of ASSET_003 is recorded in it"),
        ({"metric": "click_through_rate", "denominator": "conversions"}, "a rate above 1"),
    ],
)
def test_an_experiment_that_cannot_be_analysed_has_a_reason_and_no_numbers(change, reason):
    tables = rows()
    row(tables, "experiments", "EXP_001").update(change)
    found = _analyse(tables, "EXP_001")
    assert found.call == "cannot be analysed"
    assert reason in found.reason
    assert (found.p_value, found.lift, found.difference, found.winner) == (None, None, None, None)


def test_arms_without_conversions_cannot_be_compared():
    tables = rows()
    row(tables, "experiments", "EXP_004")["metric"] = "conversion_rate"
    found = _analyse(tables, "EXP_004")
    assert (found.call, found.p_value) == ("cannot be analysed", None)
    assert "neither asset has any conversions" in found.reason


def test_a_running_experiment_warns_of_repeated_analyses():
    assert any("still running" in note for note in _analyse(rows(), "EXP_001").notes)
    assert not any("still running" in note for note in _analyse(rows(), "EXP_002").notes)


def test_snapshots_after_as_of_are_ignored():
    found = _analyse(rows(), "EXP_001", as_of=date(2026, 3, 10))
    assert (found.control.n, found.variant.n) == (7100, 7100)


def test_the_keys_are_the_contracts():
    first = report_experiments(build_context(records(rows())))[0]
    assert {"experiment_id", "metric", "control", "variant", "lift", "ci_low", "ci_high", "p_value", "call"} <= set(
        first
    )
    assert first["control"]["denominator"] == "impressions"


# -- small counts -------------------------------------------------------------------------------------------------


def test_three_of_three_against_none_of_three_is_no_winner():
    """The z test gives p = 0.014; Fisher's exact test, which is valid for six impressions, gives 2 / 20."""
    tables = rows()
    _set_counts(tables, "EXP_002", (0, 3), (3, 3))
    found = _analyse(tables, "EXP_002")
    assert (found.call, found.winner, found.test) == ("no winner", None, "Fisher's exact test")
    assert found.p_value == pytest.approx(0.1)
    assert any("Fisher's exact test replaces the z test" in note for note in found.notes)
    # With 2 and 2 the smallest p-value is 1 / 3; with 4 and 4 it is 2 / 70.
    assert found.sample_size == 4
    # The score interval is above 0; beside "no winner" it would contradict the test.
    assert (found.difference_ci_low, found.difference_ci_high) == (None, None)


def test_small_counts_get_the_exact_test_even_if_the_experiment_names_the_z_test():
    tables = rows()
    row(tables, "experiments", "EXP_002")["test"] = "pooled_z"
    _set_counts(tables, "EXP_002", (0, 3), (3, 3))
    assert _analyse(tables, "EXP_002").call == "no winner"


@settings(max_examples=examples(60, otherwise=15), deadline=None)
@given(st.tuples(st.integers(1, 40), st.integers(1, 40)).flatmap(
    lambda n: st.tuples(st.integers(0, n[0]), st.just(n[0]), st.integers(0, n[1]), st.just(n[1]))
))  # fmt: skip
def test_the_z_test_is_never_used_where_it_is_not_valid(table):
    events, n, other_events, other_n = table
    if 0 < events + other_events < n + other_n:
        expected = stats.contingency.expected_freq([[events, n - events], [other_events, other_n - other_events]])
        test, _ = choose_test(None, ContingencyTable(*table))
        assert (test.name == "Fisher's exact test") is bool(expected.min() < 5.0)


# -- several experiments ------------------------------------------------------------------------------------------


def _set_all_counts(tables, counts):
    performance = []
    for experiment, (control, variant) in counts.items():
        _set_counts(tables, experiment, control, variant)
        row(tables, "experiments", experiment).update(status="completed", metric="conversion_rate")
        performance += tables["performance_metrics"]
    tables["performance_metrics"] = performance


def test_several_experiments_are_corrected_for_their_number():
    """Alone EXP_003 wins with p = 0.013; among five experiments, Holm's p-value is 0.066."""
    tables = rows()
    even = ((50, 5000), (52, 5000))
    _set_all_counts(tables, dict.fromkeys(("EXP_001", "EXP_002", "EXP_004", "EXP_005"), even))
    alone = rows()
    _set_all_counts(alone, {"EXP_003": ((36, 6000), (60, 6000))})
    first = _analyse(alone, "EXP_003")
    assert (first.call, first.family, first.p_adjusted) == ("winner", "the only analysed experiment", first.p_value)
    _set_all_counts(tables, dict.fromkeys(("EXP_001", "EXP_002", "EXP_004", "EXP_005"), even)
                    | {"EXP_003": ((36, 6000), (60, 6000))})  # fmt: skip
    found = _analyse(tables, "EXP_003")
    assert found.p_value == first.p_value
    assert found.p_adjusted == pytest.approx(5 * found.p_value)
    assert (found.call, found.family, found.family_size) == ("no winner", "the 5 analysed experiments", 5)
    assert "(Holm, 5 experiments)" in found.reason
    # The 95 % interval of this experiment alone is kept; the one beside the call includes 0.
    assert found.ci_low > 0.0 > found.tested_ci_low
    assert found.sample_size > 6000


@settings(max_examples=examples(100, otherwise=15), deadline=None)
@given(st.lists(st.tuples(st.integers(1, 200), st.integers(1, 200)), min_size=1, max_size=8))
def test_the_interval_beside_a_call_excludes_0_exactly_if_the_adjusted_p_value_is_significant(counts):
    tables = [ContingencyTable(events, 1000, other, 1000) for events, other in counts]
    p_values = [choose_test("pooled_z", table)[0].run(table).p_value for table in tables]
    family = Family(p_values, 0.95)
    for table, p_value in zip(tables, p_values, strict=True):
        adjusted = family.adjust(p_value)
        if choose_test(None, table)[1] or abs(adjusted - 0.05) < 1e-6:
            continue
        interval = difference_interval(table, family.matched_confidence(p_value))
        assert (not interval.low <= 0.0 <= interval.high) is (adjusted < 0.05)


# -- trust --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["running", "Running", "IN_PROGRESS", "scheduled"])
def test_an_experiment_that_has_not_ended_has_no_winner(status):
    tables = rows()
    _set_counts(tables, "EXP_002", (100, 10_000), (300, 10_000))
    assert _analyse(tables, "EXP_002").call == "winner"
    row(tables, "experiments", "EXP_002")["status"] = status
    found = _analyse(tables, "EXP_002")
    assert (found.call, found.winner) == ("no winner", None)
    assert f"it has not ended (its status is {status})" in found.reason
    assert found.p_value < 1e-9


def test_before_its_last_day_a_completed_experiment_has_no_winner():
    tables = rows()
    _set_counts(tables, "EXP_002", (100, 10_000), (300, 10_000))
    for each in tables["performance_metrics"]:
        each["timestamp"] = "2026-03-09T22:00:00"
    found = _analyse(tables, "EXP_002", as_of=date(2026, 3, 10))
    assert found.call == "no winner"
    assert "its last day is 2026-03-16" in found.reason
    assert _analyse(tables, "EXP_002", as_of=date(2026, 3, 16)).call == "winner"


def test_ten_thousand_against_eight_thousand_is_not_an_equal_split():
    tables = rows()
    _set_counts(tables, "EXP_002", (100, 10_000), (300, 8_000))
    found = _analyse(tables, "EXP_002")
    check = found.as_dict()["sample_ratio"]
    assert check["p_value"] == pytest.approx(stats.chisquare([10_000, 8_000]).pvalue, rel=1e-9)
    assert (check["ok"], check["alarm_below"]) == (False, 0.001)
    assert (found.call, found.winner) == ("no winner", None)
    assert "impressions are not split as planned" in found.reason
    assert ("sample-ratio", "EXP_002") in find_codes(tables)


def test_a_planned_split_is_compared_with_the_plan():
    tables = rows()
    _set_counts(tables, "EXP_002", (100, 10_000), (300, 8_000))
    row(tables, "experiments", "EXP_002")["variant_share"] = 8 / 18
    found = _analyse(tables, "EXP_002")
    assert (found.call, found.as_dict()["sample_ratio"]["ok"]) == ("winner", True)
    assert ("sample-ratio", "EXP_002") not in find_codes(tables)


def test_too_few_impressions_have_no_sample_ratio_check():
    tables = rows()
    _set_counts(tables, "EXP_002", (1, 2), (2, 6))
    assert _analyse(tables, "EXP_002").as_dict()["sample_ratio"]["ok"] is None
