"""Analysis of a randomised experiment: lift, tests, power, effects by segment, and the sample-ratio check.

A replication is one experiment. Intervals and p-values come from the differences between arms over replications
(Student t). This needs no assumption about the dependence between customers that share a review queue. The results also
include the power of a single experiment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum
from typing import TYPE_CHECKING, Any

from journey.core.errors import InputError
from journey.statistics.lift import Lift, Power, compute_lift, single_experiment_power
from journey.statistics.means import CONFIDENCE, Estimate
from journey.statistics.proportions import ContingencyTable, TestResult, mantel_haenszel_test, pooled_z_test
from scenarios.experiment.sample_ratio import SampleRatio, check_sample_ratio
from scenarios.metrics.definitions import Metric
from scenarios.metrics.effects import Effect, Effects, compute_effect, compute_paired_difference, pair_values
from simulation.metrics.metric_names import format_segment, parse_base_name, parse_segment

if TYPE_CHECKING:
    from scenarios.experiment.assignment import Split
    from scenarios.files.loader import LoadedScenario
    from scenarios.metrics.effects import MetricValues
    from simulation.metrics.run_results import Run

RANDOMISED = "randomised"

_SHARED_METRICS = ("gate_utilisation",)
"""Metrics of resources that all arms share, which therefore cannot differ between arms."""

INTERVALS = (
    f"{100 * CONFIDENCE:.0f} % Student t intervals over replications, each one experiment: simulation error of the "
    "mean effect, which more replications shrink. cohort_sd of an effect: the standard error of one experiment. "
    "Totals (counts and dollars) are per customer, because arms differ in size. No interval includes uncertainty about "
    "the world itself."
)
TEST = "Student t over replications, each one experiment"
LEDGER = "each arm scaled to all customers in the experiment, compared with the baseline, mean over replications"


@dataclass(frozen=True, slots=True)
class ProportionTests:
    """Tests of a share of customers, under the assumption that customers are independent.

    Attributes:
        single_test: Name of the test of a single experiment.
        refuted: Number of the experiments whose own test rejects "no difference" at the 5 % level.
        experiments: Number of experiments that could be tested.
        all: The Cochran-Mantel-Haenszel test of all experiments together.
    """

    single_test: str
    refuted: int
    experiments: int
    all: TestResult

    @property
    def refuted_share(self) -> float | None:
        """Share of the experiments that reject "no difference": the measured power; None without an experiment."""
        return self.refuted / self.experiments if self.experiments else None

    def as_dict(self) -> dict[str, Any]:
        """The tests as the command line's JSON."""
        return {
            "test_of_one_experiment": self.single_test,
            "share_of_experiments_refuting": self.refuted_share,
            "experiments": self.experiments,
            "test_of_all": "Cochran-Mantel-Haenszel, no continuity correction",
            "chi_square": self.all.statistic,
            "p_value": self.all.p_value,
        }


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """The true effect: each arm is simulated with all customers, common random numbers, and its own review queue.

    Attributes:
        difference: The counterfactual difference.
        interference: The experiment's difference minus the counterfactual one, by replication. Assignment is random,
            so the mean is the effect that the arms have on each other through the shared review queue.
    """

    difference: Estimate
    interference: Estimate

    def as_dict(self) -> dict[str, Any]:
        """The truth as the command line's JSON."""
        return {
            "difference": self.difference.mean,
            "ci_low": self.difference.low,
            "ci_high": self.difference.high,
            "interference": self.interference.mean,
            "interference_ci_low": self.interference.low,
            "interference_ci_high": self.interference.high,
            "interference_p_value": self.interference.p_value,
        }


_UNKNOWN_POWER = dict.fromkeys(Power(0.0, 0.0, 0.0).as_dict())


@dataclass(frozen=True, slots=True)
class Estimates:
    """Estimates of one effect, in addition to the difference and its interval.

    Attributes:
        null: The null hypothesis.
        unit: Unit of the difference.
        p_value: Two-sided p-value of the null hypothesis; None with one replication.
        lift: The relative change with its 95 % interval.
        tested_lift: The same with the interval that agrees with the test after Holm's correction.
        power: Probability that one experiment of this size rejects the null hypothesis if the true difference equals
            the estimate, with its interval.
        proportions: For a share of customers, its tests.
        truth: The true effect, where it was simulated too.
    """

    null: str
    unit: str
    p_value: float | None
    lift: Lift
    tested_lift: Lift
    power: Power | None
    proportions: ProportionTests | None
    truth: GroundTruth | None = None

    def as_dict(self) -> dict[str, Any]:
        """The estimates as the command line's JSON."""
        return {
            "unit": self.unit,
            "null": self.null,
            "test": TEST,
            "p_value": self.p_value,
            **self.lift.as_dict(),
            **(_UNKNOWN_POWER if self.power is None else self.power.as_dict()),
            "two_proportions": None if self.proportions is None else self.proportions.as_dict(),
            "truth": None if self.truth is None else self.truth.as_dict(),
        }


@dataclass(frozen=True)
class Experiment:
    """The results of an experiment, in addition to its effects.

    Attributes:
        split: The assignment of customers to arms.
        customers: Mean number of customers in each arm in one experiment.
        customers_outside: Mean number of customers in segments that are not in the experiment.
        sample_ratio: The sample-ratio check.
        estimates: The estimates per arm other than the baseline and per metric.
        segments: Per such arm and segment, the effect on the primary metric. An effect that is also among the metrics
            is the same one, with the same test.
        excluded_replications: Number of replications that are not used, because an arm had no customers.
    """

    split: "Split"
    customers: Mapping[str, float]
    customers_outside: float
    sample_ratio: SampleRatio
    estimates: Mapping[str, Mapping[str, Estimates]]
    segments: Mapping[str, Mapping[str, Effect]]
    excluded_replications: int

    @property
    def total_customers(self) -> float:
        """Mean number of customers in one experiment, all arms together."""
        return fsum(self.customers.values())

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings that put the results in doubt."""
        alarm = (self.sample_ratio.sentence,) if self.sample_ratio.ok is False else ()
        if not self.excluded_replications:
            return alarm
        return (
            *alarm,
            f"{self.excluded_replications:,} replications are not used, because an arm had no customers to compare.",
        )

    def as_dict(self) -> dict[str, Any]:
        """The experiment as the command line's JSON, without the estimates of each effect."""
        return {
            "customers": dict(self.customers),
            "customers_outside": self.customers_outside,
            "planned_shares": {
                segment: dict(zip(self.split.arms, shares, strict=True))
                for segment, shares in self.split.shares.items()
            },
            "segments_compared": list(self.split.compared_segments),
            "stratified": self.split.is_stratified,
            "replications_left_out": self.excluded_replications,
        }


def build_scenario_split(loaded: "LoadedScenario", *, truth: bool = False) -> "Split":
    """The assignment of a scenario's customers to its arms within one run.

    Args:
        loaded: The scenario.
        truth: Whether each arm is also simulated with all customers.

    Raises:
        InputError: The arms cannot share a run, or the primary metric, or that of a guardrail, cannot differ between
            them.
    """
    from scenarios.experiment.assignment import build_split
    from simulation.acquisition.customers import refuse_to_share

    if loaded.scenario.acquisition is not None:
        refuse_to_share(loaded.arms)
    named = [
        ("primary_metric", loaded.scenario.primary_metric),
        *(("guardrails", guardrail.metric) for guardrail in loaded.guardrails),
    ]
    for key, name in named:
        if parse_base_name(name) in _SHARED_METRICS:
            raise InputError(
                f"{loaded.name}: {key}: {name} describes the reviewers, which all arms of one run share; "
                "name another metric, or use --mode counterfactual"
            )
    split = build_split(loaded.arms, seed=loaded.scenario.seed, truth=truth, metrics=loaded.metrics)
    for key, name in named:
        if name not in select_comparable([name], split):
            raise InputError(
                f"{loaded.name}: {key}: the segment of {name} is not in the experiment; "
                f"name another metric, or one of: {', '.join(split.compared_segments)}"
            )
    return split


def select_comparable(names: Sequence[str], split: "Split") -> list[str]:
    """The metrics that can differ between the arms of an experiment."""
    return [
        name
        for name in names
        if name not in _SHARED_METRICS and parse_segment(name) in (None, *split.compared_segments)
    ]


def analyse_experiment(
    split: "Split",
    replications: Sequence[Sequence["Run"]],
    effects: Effects,
    segments: Effects,
    values: Sequence[Mapping[str, "MetricValues"]],
    excluded_replications: int = 0,
) -> Experiment:
    """Analyse an experiment beyond its effects.

    Args:
        split: The assignment of customers to arms.
        replications: The runs, by replication, then by stratum.
        effects: The effects per arm other than the baseline and per metric.
        segments: The effects on the primary metric per such arm and segment.
        values: By arm, the metrics by usable replication.
        excluded_replications: Number of replications that are not usable.
    """
    counts = [split.customers(runs) for runs in replications]
    assigned = {
        name: tuple(map(sum, zip(*(each[name] for each in counts), strict=True))) for name in split.compared_segments
    }
    n, metrics = len(replications), replace(split.metrics, per_customer=True)
    inside = [sum(counts[index] for counts in assigned.values()) / n for index in range(len(split.arms))]
    total_customers = sum(run.customers for runs in replications for run in runs[: len(split.strata)]) / n
    ground_truths = split.usable_ground_truths(replications)
    strata = [
        list(split.by_segment(runs).values()) if split.is_stratified else [split.pool_strata(runs)]
        for runs in replications
    ]
    return Experiment(
        split=split,
        customers=dict(zip(split.arms, inside, strict=True)),
        customers_outside=total_customers - sum(inside),
        sample_ratio=check_sample_ratio(split.arms, split.shares, assigned),
        estimates={
            arm: {
                name: _compute_estimates(
                    name,
                    metrics.get(name),
                    effect,
                    (values[0][name], values[index][name]),
                    _contingency_tables(strata, name, index) if _counts_customers(metrics.get(name)) else [],
                    [(runs[0], runs[index]) for runs in ground_truths],
                )
                for name, effect in effects[arm].items()
            }
            for index, arm in enumerate(split.arms[1:], start=1)
        },
        segments=segments,
        excluded_replications=excluded_replications,
    )


def _compute_ground_truth(
    name: str, values: "tuple[MetricValues, MetricValues]", ground_truths: Sequence[tuple["Run", "Run"]]
) -> GroundTruth | None:
    """The true effect on one metric, and the interference; None where the true effect was not simulated."""
    if not ground_truths:
        return None
    before, after = ([runs[index].metrics.get(name) for runs in ground_truths] for index in (0, 1))
    true_changes = [_subtract(*pair) for pair in zip(before, after, strict=True)]
    experiment_changes = [_subtract(*pair) for pair in zip(*values, strict=True)]
    return GroundTruth(
        compute_paired_difference(before, after), compute_paired_difference(true_changes, experiment_changes)
    )


def _subtract(before: float | None, after: float | None) -> float | None:
    """After minus before; None where either is unknown."""
    return None if before is None or after is None else after - before


def _compute_estimates(
    name: str,
    metric: Metric,
    effect: Effect,
    values: "tuple[MetricValues, MetricValues]",
    tables: Sequence[Sequence[ContingencyTable]],
    ground_truths: Sequence[tuple["Run", "Run"]],
) -> Estimates:
    return Estimates(
        null=f"no difference in {metric.label} between the customers of the two arms",
        unit=metric.unit if metric.unit != "dollars" else "dollars per customer",
        p_value=effect.difference.p_value,
        lift=compute_lift(*pair_values(*values)),
        tested_lift=compute_lift(*pair_values(*values), effect.tested.confidence),
        power=single_experiment_power(effect.difference),
        proportions=_test_proportions(tables) if tables else None,
        truth=_compute_ground_truth(name, values, ground_truths),
    )


def _counts_customers(metric: Metric) -> bool:
    """Whether a metric is a number of customers divided by all, without censored ones."""
    return metric.is_proportion and not metric.is_censored


def _contingency_tables(
    experiments: Sequence[Sequence[Sequence["Run"]]], name: str, index: int
) -> list[list[ContingencyTable]]:
    """By experiment, one table of counts per stratum, for a share of customers."""
    return [[_contingency_table(name, arms[0], arms[index]) for arms in strata] for strata in experiments]


def _contingency_table(name: str, baseline: "Run", treated: "Run") -> ContingencyTable:
    (events, n), (other_events, other_n) = (_count_events(name, run) for run in (baseline, treated))
    return ContingencyTable(events, n, other_events, other_n)


def _count_events(name: str, run: "Run") -> tuple[int, int]:
    """Number of customers with the event, and number of customers: a share times its denominator is a whole number."""
    share = run.metrics.get(name)
    if share is None:
        return 0, 0
    customers = run.denominators.get(name, run.customers)
    return round(share * customers), round(customers)


def _test_proportions(tables: Sequence[Sequence[ContingencyTable]]) -> ProportionTests:
    stratified = any(len(strata) > 1 for strata in tables)
    tests = [mantel_haenszel_test(strata) if stratified else pooled_z_test(strata[0]) for strata in tables]
    p_values = [result.p_value for result in tests if result.p_value is not None]
    return ProportionTests(
        single_test="Cochran-Mantel-Haenszel over segments" if stratified else "pooled two-proportion z",
        refuted=sum(p_value < 1.0 - CONFIDENCE for p_value in p_values),
        experiments=len(p_values),
        all=mantel_haenszel_test([table for strata in tables for table in strata]),
    )


def compute_segment_effects(
    split: "Split", replications: Sequence[Sequence["Run"]], primary: str
) -> dict[str, dict[str, Effect]]:
    """The effects on the primary metric by segment, before any test, per arm and name of a segment's metric.

    Args:
        split: The assignment of customers to arms.
        replications: The usable runs, by replication, then by stratum.
        primary: The primary metric.
    """
    strata, is_total = [split.by_segment(runs) for runs in replications], split.metrics.is_total(primary)
    return {
        arm: {
            name_segment_metric(primary, segment): compute_effect(
                *(
                    [_primary_value(each[segment][at], primary, is_total=is_total) for each in strata]
                    for at in (0, index)
                )
            )
            for segment in split.compared_segments
        }
        for index, arm in enumerate(split.arms[1:], start=1)
    }


def name_segment_metric(primary: str, segment: str) -> str:
    """The name of the primary metric in one segment: ``churn_rate[SMB]``."""
    return f"{parse_base_name(primary)}{format_segment(segment)}"


def _primary_value(run: "Run", primary: str, *, is_total: bool) -> float | None:
    """The primary metric of one stratum, per customer where it is a total."""
    value = run.metrics.get(parse_base_name(primary))
    if value is None or not run.customers:
        return None
    return value / run.customers if is_total else value
