"""Analysis of experiments, each on its own metric.

Rates are per impression and compared by the pooled two-proportion z test, unless the experiment states otherwise. The
metric is the one that the experiment names, as defined by the policy; no other metric is substituted. Intervals are
score intervals, which exclude "no difference" exactly if the z test rejects it. All methods assume that impressions are
independent.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from journey.core.suggestions import did_you_mean
from journey.marketing.core.policy import ExperimentPolicy, Metric
from journey.statistics.proportions import ContingencyTable, TestResult, customers_needed, pooled_z_test
from journey.statistics.score_intervals import difference_interval, ratio_interval

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

Call = Literal["winner", "no winner", "cannot be analysed"]


@dataclass(frozen=True, slots=True)
class Arm:
    """One asset of an experiment, up to its last snapshot.

    Attributes:
        asset_id: The asset; None if the experiment names none.
        rate: Value of the metric; None if unknown.
        count: Numerator of the rate.
        n: Denominator.
        numerator: Unit of the numerator, for instance ``conversions``.
        denominator: Unit of the denominator, for instance ``impressions``.
        measured_at: Moment of the last snapshot.
    """

    asset_id: str | None
    rate: float | None = None
    count: int | None = None
    n: int | None = None
    numerator: str | None = None
    denominator: str | None = None
    measured_at: datetime | None = None

    def as_dict(self) -> dict[str, Any]:
        """The arm as a JSON-ready mapping."""
        return asdict(self) | {"measured_at": None if self.measured_at is None else self.measured_at.isoformat()}


@dataclass(frozen=True, slots=True)
class ExperimentAnalysis:
    """Result of the analysis of an experiment.

    Attributes:
        experiment_id: The experiment.
        campaign_id: Its campaign.
        status: Its recorded status.
        metric: Its metric; None if it names none.
        definition: Definition of the metric in words.
        control: The control arm.
        variant: The variant arm.
        lift: The variant's rate divided by the control's, minus 1; None if undefined.
        ci_low: Lower bound of the lift.
        ci_high: Upper bound.
        lift_reason: Reason why the lift is undefined; None if it is defined.
        difference: The variant's rate minus the control's.
        difference_ci_low: Lower bound of the difference.
        difference_ci_high: Upper bound.
        statistic: The z statistic; None for an exact test.
        p_value: Two-sided p-value of the null hypothesis that both rates are equal.
        test: Name of the statistical test.
        call: ``winner``, ``no winner`` or ``cannot be analysed``.
        winner: The winning asset, if any.
        reason: Explanation of the call.
        sample_size: Size per arm that detects the observed difference, in denominator units; None with a winner.
        notes: Limitations of the result.
    """

    experiment_id: str
    campaign_id: str
    status: str | None
    metric: str | None
    definition: str | None
    control: Arm
    variant: Arm
    lift: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    lift_reason: str | None = None
    difference: float | None = None
    difference_ci_low: float | None = None
    difference_ci_high: float | None = None
    statistic: float | None = None
    p_value: float | None = None
    test: str | None = None
    call: Call = "cannot be analysed"
    winner: str | None = None
    reason: str = ""
    sample_size: int | None = None
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The experiment as a JSON-ready mapping."""
        arms = {"control": self.control.as_dict(), "variant": self.variant.as_dict()}
        return asdict(self) | arms | {"notes": list(self.notes)}


class _RecordedExperiment(NamedTuple):
    """An experiment as recorded, with the KPI of its campaign and the audiences of its assets."""

    experiment_id: str
    campaign_id: str
    status: str | None
    metric: str | None
    denominator: str | None
    test: str | None
    control: str | None
    variant: str | None
    kpi: str | None
    audiences: tuple[str, ...]


Snapshots = Mapping[tuple[str, str], tuple[datetime, Mapping[str, int]]]
"""The last snapshot of each (experiment, asset): its moment, and its counts by name."""


def _fisher_exact(table: ContingencyTable) -> TestResult:
    # Imported here because SciPy is slow to import and few experiments need it.
    import numpy as np
    from scipy.stats import fisher_exact

    events, n, other_events, other_n = table
    result = fisher_exact(np.array([[other_events, other_n - other_events], [events, n - events]]))
    return TestResult(None, float(result.pvalue))


TESTS: Mapping[str, tuple[str, Callable[[ContingencyTable], TestResult]]] = {
    "pooled_z": ("pooled two-proportion z test", pooled_z_test),
    "fisher_exact": ("Fisher's exact test", _fisher_exact),
}
"""Tests that an experiment may name: the full name, and the function."""


def report_experiments(context: "MarketingContext") -> list[dict[str, Any]]:
    """Every experiment as JSON-ready data, by experiment ID."""
    return [analysis.as_dict() for analysis in analyse_experiments(context)]


def analyse_experiments(context: "MarketingContext") -> list[ExperimentAnalysis]:
    """The analysis of every experiment up to `as_of`, by experiment ID."""
    return list(context.get_or_compute(_analyse_all))


def _analyse_all(context: "MarketingContext") -> tuple[ExperimentAnalysis, ...]:
    snapshots = _read_snapshots(context)
    return tuple(_analyse(recorded, snapshots, context) for recorded in _read_experiments(context))


def _read_experiments(context: "MarketingContext") -> list[_RecordedExperiment]:
    rows = context.cursor.execute("""
        SELECT experiment_id, e.campaign_id, e.status, metric, denominator, test, control_asset, variant_asset,
            primary_kpi, [concat_ws(' on ', c.segment_id, c.channel_id), concat_ws(' on ', v.segment_id, v.channel_id)]
        FROM seen_experiments AS e LEFT JOIN campaigns USING (campaign_id)
            LEFT JOIN creative_assets AS c ON control_asset = c.asset_id
            LEFT JOIN creative_assets AS v ON variant_asset = v.asset_id
        ORDER BY experiment_id
    """).fetchall()
    return [_RecordedExperiment._make((*row[:-1], tuple(row[-1]))) for row in rows]


def _read_snapshots(context: "MarketingContext") -> Snapshots:
    rows = context.cursor.execute(
        "SELECT experiment_id, asset_id, timestamp, impressions, clicks, conversions FROM totals"
    ).fetchall()
    return {
        (experiment, asset): (moment, {"impressions": seen, "clicks": clicks, "conversions": conversions})
        for experiment, asset, moment, seen, clicks, conversions in rows
    }


def _analyse(recorded: _RecordedExperiment, snapshots: Snapshots, context: "MarketingContext") -> ExperimentAnalysis:
    metric = context.policy.metrics.get(recorded.metric or "")
    if metric is not None and recorded.denominator is not None:
        metric = metric.model_copy(update={"denominator": recorded.denominator})
    analysis = ExperimentAnalysis(
        recorded.experiment_id,
        recorded.campaign_id,
        recorded.status,
        recorded.metric,
        None if metric is None else metric.definition,
        _build_arm(recorded, recorded.control, metric, snapshots),
        _build_arm(recorded, recorded.variant, metric, snapshots),
    )
    refusal = _explain_unanalysable(recorded, analysis, metric, context)
    if refusal is not None:
        return replace(analysis, reason=refusal)
    return _run_test(
        replace(analysis, notes=_build_notes(recorded, analysis, snapshots)), recorded.test, context.policy.experiments
    )


def _build_arm(recorded: _RecordedExperiment, asset: str | None, metric: Metric | None, snapshots: Snapshots) -> Arm:
    snapshot = snapshots.get((recorded.experiment_id, asset or ""))
    if metric is None or snapshot is None or metric.denominator not in snapshot[1]:
        return Arm(asset)
    moment, counts = snapshot
    count, n = counts[metric.numerator], counts[metric.denominator]
    return Arm(asset, count / n if n else None, count, n, metric.numerator, metric.denominator, moment)


def _explain_unanalysable(
    recorded: _RecordedExperiment, analysis: ExperimentAnalysis, metric: Metric | None, context: "MarketingContext"
) -> str | None:
    """Reason why an experiment cannot be analysed; None if it can."""
    if recorded.metric is None:
        return "it names no metric"
    if metric is None:
        hint = did_you_mean(recorded.metric, tuple(context.policy.metrics))
        return f"its metric {recorded.metric!r} is not defined by the policy{hint}"
    if metric.denominator not in ("impressions", "clicks", "conversions"):
        return f"its denominator {metric.denominator!r} is not counted by the performance metrics"
    if recorded.test is not None and recorded.test not in TESTS:
        return f"its test {recorded.test!r} is unknown{did_you_mean(recorded.test, tuple(TESTS))}"
    if recorded.control is None or recorded.variant is None or recorded.control == recorded.variant:
        return "it does not name two different assets"
    return _explain_unmeasured(analysis.control, analysis.variant)


def _explain_unmeasured(control: Arm, variant: Arm) -> str | None:
    for arm in (control, variant):
        if arm.count is None or arm.n is None:
            return f"no performance of {arm.asset_id} is recorded in it"
        if arm.n == 0:
            return f"{arm.asset_id} has no {arm.denominator}, so its rate is undefined"
        if arm.count > arm.n:
            return f"{arm.asset_id} has {arm.count:,} {arm.numerator} of {arm.n:,} {arm.denominator}: a rate above 1"
    if not control.count and not variant.count:
        return f"neither asset has any {control.numerator}, so there is nothing to compare"
    if control.count == control.n and variant.count == variant.n:
        return f"both assets have a rate of 1 per {control.denominator}, so there is nothing to compare"
    return None


def _build_notes(recorded: _RecordedExperiment, analysis: ExperimentAnalysis, snapshots: Snapshots) -> tuple[str, ...]:
    notes = []
    measured = [
        snapshots[recorded.experiment_id, arm.asset_id or ""][1] for arm in (analysis.control, analysis.variant)
    ]
    if not any(counts["conversions"] for counts in measured):
        notes.append("neither asset has any conversion")
    if recorded.status == "running":
        notes.append(
            "still running: the p-value is valid for one analysis only; repeated analyses find false winners by chance"
        )
    if recorded.audiences[0] != recorded.audiences[1]:
        notes.append(
            f"the assets were shown to {' and '.join(recorded.audiences)}: the difference may be due to the audience"
        )
    if analysis.control.measured_at != analysis.variant.measured_at:
        notes.append("the last snapshots of the two assets have different dates")
    if recorded.kpi is not None and recorded.kpi != recorded.metric:
        notes.append(f"the KPI of its campaign is {recorded.kpi}: a winner may not improve it")
    return tuple(notes)


def _run_test(analysis: ExperimentAnalysis, test: str | None, policy: ExperimentPolicy) -> ExperimentAnalysis:
    control, variant = analysis.control, analysis.variant
    table = ContingencyTable(control.count or 0, control.n or 0, variant.count or 0, variant.n or 0)
    name, run_test = TESTS[test or "pooled_z"]
    result = run_test(table)
    control_rate, variant_rate = table.events / table.customers, table.other_events / table.other_customers
    ratio, difference = ratio_interval(table, policy.confidence), difference_interval(table, policy.confidence)
    analysis = replace(
        analysis,
        lift=variant_rate / control_rate - 1.0 if control_rate else None,
        ci_low=None if ratio is None else ratio.low - 1.0,
        ci_high=None if ratio is None else ratio.high - 1.0,
        lift_reason=None if control_rate else "the control's rate is 0, so a relative change is undefined",
        difference=variant_rate - control_rate,
        difference_ci_low=None if difference is None else difference.low,
        difference_ci_high=None if difference is None else difference.high,
        statistic=result.statistic,
        p_value=result.p_value,
        test=name,
    )
    return _decide_call(analysis, control_rate, variant_rate, policy)


def _decide_call(
    analysis: ExperimentAnalysis, control_rate: float, variant_rate: float, policy: ExperimentPolicy
) -> ExperimentAnalysis:
    alpha = 1.0 - policy.confidence
    if analysis.p_value is not None and analysis.p_value < alpha:
        better = analysis.variant if variant_rate > control_rate else analysis.control
        reason = f"{better.asset_id} has the higher {analysis.metric}; p = {analysis.p_value:.3g} is below {alpha:.3g}"
        return replace(analysis, call="winner", winner=better.asset_id, reason=reason)
    size = customers_needed(control_rate, variant_rate, policy.power, policy.confidence)
    sample_text = (
        "the rates are equal, so no sample would find one"
        if size is None
        else f"{size:,} {analysis.control.denominator} per asset detect a difference of this size with a power of "
        f"{policy.power:.0%}"
    )
    return replace(analysis, call="no winner", reason=f"p = {analysis.p_value:.3g}; {sample_text}", sample_size=size)
