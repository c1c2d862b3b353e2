"""Analysis of experiments, each on its own metric.

Rates are per impression and compared by the pooled two-proportion z test, unless the experiment states otherwise. The
metric is the one that the experiment names, as defined by the policy; no other metric is substituted. Where a count of
less than 5 is expected, Fisher's exact test replaces the z test.

The analysed experiments of one report are a **family**. Their p-values are adjusted for its size (Holm), and an
experiment has a winner only if its adjusted p-value is significant, it has ended, and its sample ratio is as planned.

Intervals are score intervals, which exclude "no difference" exactly if the z test rejects it. Each is given at the
policy's confidence, and once more at the confidence at which it excludes "no difference" exactly if the adjusted
p-value is significant. All methods assume that impressions are independent.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from journey.core.suggestions import did_you_mean
from journey.marketing.analysis.experiment_tests import TESTS, Family, ProportionTest, choose_test
from journey.marketing.core.policy import ExperimentPolicy, Metric
from journey.statistics.proportions import UNDEFINED, ContingencyTable, TestResult
from journey.statistics.sample_ratio import ALARM_P_VALUE, CountCheck, check_counts
from journey.statistics.score_intervals import Interval, difference_interval, ratio_interval

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

Call = Literal["winner", "no winner", "cannot be analysed"]

UNFINISHED = frozenset(
    {"running", "active", "live", "ongoing", "started", "in progress", "planned", "scheduled", "draft"}
)
"""Statuses of an experiment that has not ended, in lower case with spaces."""

DEFAULT_VARIANT_SHARE = 0.5
"""Planned share of the impressions on the variant, if the experiment records none."""


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
        p_value: Two-sided p-value of the null hypothesis that both rates are equal, of this experiment alone.
        p_adjusted: The p-value adjusted for the number of experiments in the family (Holm); the call rests on it.
        family: The family in words.
        family_size: Number of experiments in the family.
        tested_ci_low: Lower bound of the lift, at the confidence that matches the adjusted p-value.
        tested_ci_high: Upper bound.
        tested_difference_ci_low: Lower bound of the difference, at that confidence.
        tested_difference_ci_high: Upper bound.
        tested_confidence: That confidence.
        test: Name of the statistical test.
        sample_ratio: Impressions of the assets compared with the planned split; None if an asset is not measured.
        call: ``winner``, ``no winner`` or ``cannot be analysed``.
        winner: The winning asset, if any.
        reason: Explanation of the call.
        sample_size: Size per arm that detects the observed difference by the same test, at the level of the family, in
            denominator units; None with a winner, or if the difference is significant.
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
    p_adjusted: float | None = None
    family: str | None = None
    family_size: int | None = None
    tested_ci_low: float | None = None
    tested_ci_high: float | None = None
    tested_difference_ci_low: float | None = None
    tested_difference_ci_high: float | None = None
    tested_confidence: float | None = None
    test: str | None = None
    sample_ratio: CountCheck | None = None
    call: Call = "cannot be analysed"
    winner: str | None = None
    reason: str = ""
    sample_size: int | None = None
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The experiment as a JSON-ready mapping."""
        arms = {"control": self.control.as_dict(), "variant": self.variant.as_dict()}
        return asdict(self) | arms | {"sample_ratio": self._sample_ratio_as_dict(), "notes": list(self.notes)}

    def _sample_ratio_as_dict(self) -> dict[str, Any] | None:
        check = self.sample_ratio
        if check is None:
            return None
        ok = None if check.test_result.p_value is None else not check.is_alarm
        return {"ok": ok, "alarm_below": ALARM_P_VALUE, **check.as_dict()}


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
    end: datetime | None
    variant_share: float | None
    kpi: str | None
    audiences: tuple[str, ...]

    def explain_unfinished(self, as_of: datetime | None) -> str | None:
        """Why the experiment has not ended; None if it has."""
        if " ".join((self.status or "").casefold().replace("_", " ").split()) in UNFINISHED:
            return f"its status is {self.status}"
        if self.end is not None and as_of is not None and as_of.date() < self.end.date():
            return f"its last day is {self.end.date().isoformat()}"
        return None


Snapshots = Mapping[tuple[str, str], tuple[datetime, Mapping[str, int]]]
"""The last snapshot of each (experiment, asset): its moment, and its counts by name."""


def report_experiments(context: "MarketingContext") -> list[dict[str, Any]]:
    """Every experiment as JSON-ready data, by experiment ID."""
    return [analysis.as_dict() for analysis in analyse_experiments(context)]


def analyse_experiments(context: "MarketingContext") -> list[ExperimentAnalysis]:
    """The analysis of every experiment up to `as_of`, by experiment ID."""
    return list(context.get_or_compute(_analyse_all))


def _analyse_all(context: "MarketingContext") -> tuple[ExperimentAnalysis, ...]:
    snapshots, policy = _read_snapshots(context), context.policy.experiments
    compared = [_compare(recorded, snapshots, context) for recorded in _read_experiments(context)]
    p_values = [each.result.p_value for each in compared if each.result.p_value is not None]
    family = Family(p_values, policy.confidence)
    return tuple(_conclude(each, family, policy) for each in compared)


class _Comparison(NamedTuple):
    """An experiment with the result of its test, before the correction for the family.

    Attributes:
        analysis: What is known before the call.
        table: Counts of both arms.
        test: The test in use; None if the experiment cannot be analysed.
        result: Its result.
        unfinished: Why the experiment has not ended; None if it has.
    """

    analysis: ExperimentAnalysis
    table: ContingencyTable | None = None
    test: ProportionTest | None = None
    result: TestResult = UNDEFINED
    unfinished: str | None = None


def _read_experiments(context: "MarketingContext") -> list[_RecordedExperiment]:
    rows = context.cursor.execute("""
        SELECT experiment_id, e.campaign_id, e.status, metric, denominator, test, control_asset, variant_asset,
            e.end_date, variant_share, primary_kpi,
            [concat_ws(' on ', c.segment_id, c.channel_id), concat_ws(' on ', v.segment_id, v.channel_id)]
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


def _compare(recorded: _RecordedExperiment, snapshots: Snapshots, context: "MarketingContext") -> _Comparison:
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
        sample_ratio=_check_sample_ratio(recorded, snapshots),
    )
    refusal = _explain_unanalysable(recorded, analysis, metric, context)
    if refusal is not None:
        return _Comparison(replace(analysis, reason=refusal))
    control, variant = analysis.control, analysis.variant
    table = ContingencyTable(control.count or 0, control.n or 0, variant.count or 0, variant.n or 0)
    test, note = choose_test(recorded.test, table)
    unfinished = recorded.explain_unfinished(context.as_of)
    notes = (*note, *_build_notes(recorded, analysis, snapshots, is_unfinished=unfinished is not None))
    return _Comparison(replace(analysis, notes=notes), table, test, test.run(table), unfinished)


def _check_sample_ratio(recorded: _RecordedExperiment, snapshots: Snapshots) -> CountCheck | None:
    """Impressions of both assets compared with the planned split; None if it cannot be compared."""
    assets = recorded.control or "", recorded.variant or ""
    measured = [
        snapshots[recorded.experiment_id, name][1] for name in assets if (recorded.experiment_id, name) in snapshots
    ]
    share = DEFAULT_VARIANT_SHARE if recorded.variant_share is None else recorded.variant_share
    if len(measured) < len(assets) or assets[0] == assets[1] or not 0.0 < share < 1.0:
        return None
    shown = [counts["impressions"] for counts in measured]
    return check_counts(assets, shown, [(1.0 - share) * sum(shown), share * sum(shown)])


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


def _build_notes(
    recorded: _RecordedExperiment, analysis: ExperimentAnalysis, snapshots: Snapshots, *, is_unfinished: bool
) -> tuple[str, ...]:
    notes = []
    if analysis.sample_ratio is not None and analysis.sample_ratio.is_alarm:
        notes.append(f"{describe_sample_ratio(analysis.sample_ratio)}: find the cause before you rely on the result")
    measured = [
        snapshots[recorded.experiment_id, arm.asset_id or ""][1] for arm in (analysis.control, analysis.variant)
    ]
    if not any(counts["conversions"] for counts in measured):
        notes.append("neither asset has any conversion")
    if is_unfinished:
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


def describe_sample_ratio(check: CountCheck) -> str:
    """The sample ratio of an experiment in words, for instance for an alarm."""
    shown = ", ".join(f"{asset} {count:,}" for asset, count in check.assigned.items())
    planned = ", ".join(f"{count:,.0f}" for count in check.expected.values())
    return (
        f"impressions are not split as planned: {shown}, planned {planned} (p = {check.test_result.p_value or 0.0:.3g})"
    )


def _conclude(compared: _Comparison, family: Family, policy: ExperimentPolicy) -> ExperimentAnalysis:
    """Intervals, adjusted p-value and call of one experiment."""
    table, p_value = compared.table, compared.result.p_value
    if compared.test is None or table is None or p_value is None:
        return compared.analysis
    control_rate, variant_rate = table.events / table.customers, table.other_events / table.other_customers
    p_adjusted = family.adjust(p_value)
    lift, difference = _compute_intervals(table, policy.confidence, p_value)
    tested_confidence = family.matched_confidence(p_value)
    tested_lift, tested_difference = _compute_intervals(table, tested_confidence, p_value)
    analysis = replace(
        compared.analysis,
        lift=variant_rate / control_rate - 1.0 if control_rate else None,
        ci_low=lift.low,
        ci_high=lift.high,
        lift_reason=None if control_rate else "the control's rate is 0, so a relative change is undefined",
        difference=variant_rate - control_rate,
        difference_ci_low=difference.low,
        difference_ci_high=difference.high,
        statistic=compared.result.statistic,
        p_value=p_value,
        p_adjusted=p_adjusted,
        family=family.description,
        family_size=family.size,
        tested_ci_low=tested_lift.low,
        tested_ci_high=tested_lift.high,
        tested_difference_ci_low=tested_difference.low,
        tested_difference_ci_high=tested_difference.high,
        tested_confidence=tested_confidence,
        test=compared.test.name,
    )
    return _decide_call(analysis, compared.test, compared.unfinished, family, policy)


class _Bounds(NamedTuple):
    """Bounds of an interval; None if there is none."""

    low: float | None = None
    high: float | None = None


def _compute_intervals(table: ContingencyTable, confidence: float, p_value: float) -> tuple[_Bounds, _Bounds]:
    """Score intervals of lift and difference; none if they contradict the test, as they may for an exact test."""
    ratio, difference = ratio_interval(table, confidence), difference_interval(table, confidence)
    is_significant = p_value < 1.0 - confidence
    lift = None if ratio is None else Interval(ratio.low - 1.0, ratio.high - 1.0)
    return _keep_consistent(lift, is_significant=is_significant), _keep_consistent(
        difference, is_significant=is_significant
    )


def _keep_consistent(interval: Interval | None, *, is_significant: bool) -> _Bounds:
    if interval is None or (interval.low > 0.0 or interval.high < 0.0) is not is_significant:
        return _Bounds()
    return _Bounds(*interval)


def _decide_call(
    analysis: ExperimentAnalysis,
    test: ProportionTest,
    why_unfinished: str | None,
    family: Family,
    policy: ExperimentPolicy,
) -> ExperimentAnalysis:
    alpha, p_adjusted = 1.0 - policy.confidence, analysis.p_adjusted or 0.0
    control_rate, variant_rate = analysis.control.rate or 0.0, analysis.variant.rate or 0.0
    p_text = family.format_p_value(analysis.p_value or 0.0, p_adjusted)
    unfinished = "" if why_unfinished is None else f"it has not ended ({why_unfinished}); "
    if p_adjusted >= alpha:
        size = test.customers_needed(control_rate, variant_rate, policy.power, family.strictest_confidence)
        sample_text = _describe_sample_size(size, analysis.control.denominator, policy.power)
        return replace(analysis, call="no winner", reason=f"{unfinished}{p_text}; {sample_text}", sample_size=size)
    if unfinished:
        return replace(analysis, call="no winner", reason=f"{unfinished}{p_text}")
    if analysis.sample_ratio is not None and analysis.sample_ratio.is_alarm:
        reason = f"{p_text}, but {describe_sample_ratio(analysis.sample_ratio)}"
        return replace(analysis, call="no winner", reason=reason)
    better = analysis.variant if variant_rate > control_rate else analysis.control
    reason = f"{better.asset_id} has the higher {analysis.metric}; {p_text} is below {alpha:.3g}"
    return replace(analysis, call="winner", winner=better.asset_id, reason=reason)


def _describe_sample_size(size: int | None, denominator: str | None, power: float) -> str:
    if size is None:
        return "the rates are equal, so no sample would find one"
    return f"{size:,} {denominator} per asset detect a difference of this size with a power of {power:.0%}"
