"""Analysis of experiments, each on its own metric."""

from datetime import date

import pytest
from scipy import stats

from journey.marketing.analysis.experiments import analyse_experiments, report_experiments
from journey.marketing.core.policy import ExperimentPolicy, MarketingPolicy
from journey.marketing.views.context import build_context
from tests.journey.marketing.companies import records, row, rows

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
    found = _analyse(tables, "EXP_003")
    assert (found.call, found.winner, found.sample_size) == ("winner", "ASSET_006", None)
    assert found.p_value < 0.05
    assert found.ci_low > 0.0


def test_the_control_may_win():
    tables = rows()
    _set_counts(tables, "EXP_003", (62, 6200), (36, 6000))
    assert _analyse(tables, "EXP_003").winner == "ASSET_005"


def test_without_a_winner_the_required_sample_size_agrees_with_r():
    tables = rows()
    _set_counts(tables, "EXP_001", (4, 8), (6, 8))
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
    _set_counts(tables, "EXP_001", (0, 1000), (40, 1000))
    found = _analyse(tables, "EXP_001")
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
