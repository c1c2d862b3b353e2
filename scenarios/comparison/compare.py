"""Compare the arms of a scenario over replications: metrics, effects, money and verdict.

Counterfactual mode: every arm is simulated with all customers and common random numbers. Randomised mode: the customers
are split between the arms and share one review queue, as in a real experiment.

`summarise` is pure: it turns runs into a `Comparison`. `compare` runs the replications first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import TYPE_CHECKING, Any

from journey.core.errors import InputError
from journey.core.version import version
from journey.statistics.means import CONFIDENCE, Estimate, compute_mean, estimate_mean
from journey.tables.export import FrameExport
from scenarios.comparison import decision_funnel
from scenarios.comparison.acquisition import ArmAcquisition, summarise_acquisition
from scenarios.comparison.checkpoint import RunIdentity
from scenarios.comparison.guardrails import GuardrailResult, compare_with_guardrails
from scenarios.comparison.money import LABEL, Return, compute_returns
from scenarios.comparison.options import ProgressCallback, ReplicationOptions
from scenarios.comparison.replications import Replications, replicate
from scenarios.comparison.review_queue import QueueDay, summarise_queue
from scenarios.comparison.stopping_rule import PrecisionResult, PrecisionTarget
from scenarios.comparison.untreated_distress import UntreatedEpisodes, summarise_untreated
from scenarios.comparison.verdict import Verdict, build_verdict
from scenarios.execution.memory import Workload, refuse_what_does_not_fit
from scenarios.execution.pods import count_pods
from scenarios.execution.tasks import RunArm, RunArms
from scenarios.experiment.analysis import INTERVALS as RANDOMISED_INTERVALS
from scenarios.experiment.analysis import (
    LEDGER,
    RANDOMISED,
    Experiment,
    analyse_experiment,
    compute_segment_effects,
    name_segment_metric,
    select_comparable,
)
from scenarios.files.loader import LoadedScenario
from scenarios.files.model import BASELINE
from scenarios.metrics.catalogue import MetricCatalogue
from scenarios.metrics.definitions import BUILT_IN, Metric
from scenarios.metrics.effects import Effect, add_tests, compute_effect
from scenarios.metrics.practical_effects import compare_with_smallest_effect
from scenarios.text.phrases import pluralise
from simulation.model.rule_parameters import count_rule_marks

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import duckdb

    from scenarios.comparison.checkpoint import Checkpoint
    from scenarios.comparison.decision_funnel import Funnel
    from scenarios.experiment.assignment import Split
    from simulation.metrics.run_results import Run
    from simulation.model.arm import ArmSpec

COUNTERFACTUAL = "counterfactual"
INTERVALS = (
    f"{100 * CONFIDENCE:.0f} % Student t intervals over replications: simulation error of the mean, which more "
    "replications shrink. cohort_sd: standard deviation between cohorts of this size. Neither includes uncertainty "
    "about the world itself."
)


@dataclass(frozen=True, repr=False)
class Comparison(FrameExport):
    """The answer to a scenario's question.

    As a data frame it has one row per arm (except the baseline) and metric; `scenarios.comparison.effect_table` lists
    the columns.

    Attributes:
        loaded: The scenario.
        seed: Random seed.
        engine: ``reference`` or ``compiled``.
        requested: Number of replications requested.
        replications: Number of complete replications; smaller after an interruption.
        customers: Size of the cohort; with arrivals or campaigns, that of the first replication.
        mean_customers: Mean size of the cohort over replications.
        days: Length of a run, in days.
        arms: Per arm and metric, the mean over replications.
        effects: Per arm other than the baseline and per metric, the paired difference.
        roi: Per arm other than the baseline, the money.
        verdict: The verdict in words.
        funnels: Per arm, the decision funnel.
        untreated: Per arm, its untreated distress episodes.
        gate: Per arm, its review queue over time; arms of one experiment share it.
        precision: The result for the precision target; None without one.
        interrupted: Whether an interruption left replications undone.
        experiment: In randomised mode, the analysis of the experiment; None in counterfactual mode.
        acquisition: Per arm, the results of its campaigns; empty without campaigns.
        guardrails: Per arm other than the baseline and guardrail, whether it holds.
    """

    loaded: LoadedScenario
    seed: int
    engine: str
    requested: int
    replications: int
    customers: int
    mean_customers: float
    days: float
    arms: dict[str, dict[str, Estimate]]
    effects: dict[str, dict[str, Effect]]
    roi: dict[str, Return]
    verdict: Verdict
    funnels: "dict[str, Funnel]" = field(default_factory=dict)
    untreated: dict[str, tuple[UntreatedEpisodes, ...]] = field(default_factory=dict)
    gate: dict[str, tuple[QueueDay, ...]] = field(default_factory=dict)
    precision: PrecisionResult | None = None
    interrupted: bool = False
    experiment: Experiment | None = None
    acquisition: dict[str, ArmAcquisition] = field(default_factory=dict)
    guardrails: tuple[GuardrailResult, ...] = ()

    @property
    def used_replications(self) -> int:
        """Number of replications that the effects rest on: without those in which an arm had no customers."""
        return self.replications - (0 if self.experiment is None else self.experiment.excluded_replications)

    @property
    def cohort_size(self) -> str:
        """The number of customers of a cohort in words; its mean where it differs between replications."""
        if self.mean_customers == self.customers:
            return pluralise(self.customers, "customer")
        return f"{self.mean_customers:,.1f} customers on average"

    @property
    def mode(self) -> str:
        """``counterfactual`` or ``randomised``."""
        return COUNTERFACTUAL if self.experiment is None else RANDOMISED

    @property
    def metrics(self) -> MetricCatalogue:
        """The definitions of the metrics as reported here: in randomised mode totals are per customer."""
        return replace(self.loaded.metrics, per_customer=self.experiment is not None)

    def get_metric(self, name: str) -> Metric:
        """The definition of a metric as reported here."""
        return self.metrics.get(name)

    def __repr__(self) -> str:
        """The verdict, and what was compared."""
        about = (
            f"{self.loaded.name}: {self.cohort_size}, {self.days:g} days, {self.replications:,} "
            f"replications, {self.mode}, seed {self.seed}, engine {self.engine}"
        )
        return f"{self.verdict.text}\n{about}"

    def to_relation(self) -> "duckdb.DuckDBPyRelation":
        """Return the effects as a DuckDB relation, one row per arm and metric."""
        from scenarios.comparison.effect_table import build_effect_table

        return build_effect_table(self.to_dict(), self._metric_units()).to_relation()

    def _metric_units(self) -> dict[str, str]:
        return {name: self.get_metric(name).unit for metrics in self.effects.values() for name in metrics}

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as a JSON-ready mapping, the document of `journey compare --json`."""
        scenario = self.loaded.scenario
        return {
            "scenario": self.loaded.name,
            "scenario_hash": self.loaded.hash,
            "version": version(),
            "seed": self.seed,
            "mode": self.mode,
            "engine": self.engine,
            "replications": self.replications,
            "replications_asked": self.requested,
            "interrupted": self.interrupted,
            "customers": self.customers,
            "customers_mean": self.mean_customers,
            "days": self.days,
            "primary_metric": scenario.primary_metric,
            "confidence": CONFIDENCE,
            "intervals": INTERVALS if self.experiment is None else RANDOMISED_INTERVALS,
            "overrides": list(self.loaded.overrides),
            "arms": {
                arm: {name: _estimate_as_dict(estimate) for name, estimate in metrics.items()}
                for arm, metrics in self.arms.items()
            },
            "effects": {
                arm: {name: self._effect_dict(arm, name) for name in self.effects[arm]} for arm in self.effects
            },
            "roi": {name: _return_as_dict(arm_return) for name, arm_return in self.roi.items()},
            "funnel": {name: decision_funnel.as_dict(funnel) for name, funnel in self.funnels.items()},
            "unhelped": {name: [row.as_dict() for row in rows] for name, rows in self.untreated.items()},
            "gate": {name: [day._asdict() for day in queue] for name, queue in self.gate.items()},
            "precision": None if self.precision is None else self.precision.as_dict(),
            **(
                {"acquisition": {name: arm.as_dict() for name, arm in self.acquisition.items()}}
                if self.acquisition
                else {}
            ),
            "guardrails": [result.as_dict() for result in self.guardrails],
            "verdict": self.verdict.text,
            "verdicts": {name: finding.outcome for name, finding in self.verdict.findings.items()},
            **({} if self.experiment is None else self._experiment_dict(self.experiment)),
        }

    def _effect_dict(self, arm: str, name: str) -> dict[str, Any]:
        effect = self.effects[arm][name].as_dict()
        metric = self.get_metric(name)
        if metric.smallest_effect is not None:
            effect["smallest_effect"] = metric.smallest_effect
            effect["practical"] = compare_with_smallest_effect(self.effects[arm][name], metric)
        return effect if self.experiment is None else {**effect, **self.experiment.estimates[arm][name].as_dict()}

    def _experiment_dict(self, experiment: Experiment) -> dict[str, Any]:
        return {
            "sample_ratio": experiment.sample_ratio.as_dict(),
            "experiment": experiment.as_dict(),
            "segments": {
                arm: {segment: effect.as_dict() for segment, effect in effects.items()}
                for arm, effects in experiment.segments.items()
            },
            "warnings": list(self.verdict.warnings),
        }


def compare(
    loaded: LoadedScenario,
    *,
    workers: int = 1,
    cluster: str | None = None,
    executor: "Executor | None" = None,
    progress: ProgressCallback | None = None,
    run_arm: RunArm | None = None,
    run_arms: RunArms | None = None,
    engine: str = "reference",
    precision: PrecisionTarget | None = None,
    checkpoint: "Checkpoint | None" = None,
    split: "Split | None" = None,
) -> Comparison:
    """Run a scenario's arms and compare them.

    Args:
        loaded: The scenario.
        workers: Number of processes.
        cluster: Address of a Dask scheduler, or ``local``.
        executor: Executor of the caller that runs the tasks; it is not shut down.
        progress: Called with the progress.
        run_arm: Function that runs one arm. Default: the engine.
        run_arms: Function that runs the arms of a split together. Default: the engine.
        engine: ``reference`` or ``compiled``.
        precision: Half-widths to reach; the scenario's replications are then the minimum.
        checkpoint: Open file of complete replications, to read from and add to.
        split: Assignment of the customers to the arms. Default: every arm is simulated with all customers.

    Raises:
        InputError: The scenario has one arm only, will not fit in memory, or the engine refuses it; or the cluster
            cannot be used.
        WorkerDiedError: Workers died repeatedly at one run, or none is left.
        KeyboardInterrupt: Interrupted before any replication was complete.
    """
    refuse_single_arm(loaded)
    options = ReplicationOptions(
        workers, cluster, progress, run_arm, run_arms, engine, precision, checkpoint, split, executor
    )
    if options.uses_engine and not options.is_remote:
        refuse_what_does_not_fit(_estimate_workload(loaded, options))
    scenario = loaded.scenario
    replications = replicate(
        loaded.arms, options, seed=scenario.seed, replications=scenario.replications, days=scenario.horizon_days
    )
    if not replications.runs:
        raise KeyboardInterrupt
    return summarise(loaded, replications, split)


def _estimate_workload(loaded: LoadedScenario, options: ReplicationOptions) -> Workload:
    """What the comparison will have in memory at the same time."""
    scenario, parts = loaded.scenario, options.parts(loaded.arms)
    replications = scenario.replications if options.precision is None else options.precision.maximum
    pods = count_pods(loaded.arms)
    cohorts = replications * pods * len(parts)
    runs = replications * sum(map(len, parts))
    customers, days = ceil(loaded.arms[0].population.size / pods), scenario.horizon_days
    processes, marks = min(options.workers, cohorts), count_rule_marks(loaded.rules)
    return Workload(options.engine, customers, days, processes=processes, runs=runs, marks=marks)


def build_identity(loaded: LoadedScenario, engine: str, split: "Split | None" = None) -> RunIdentity:
    """The identity of this comparison's replications in a checkpoint."""
    arms = loaded.arms if split is None else tuple(arm for part in split.parts for arm in part)
    return RunIdentity(
        scenario=loaded.name,
        scenario_hash=loaded.hash,
        seed=loaded.scenario.seed,
        version=version(),
        mode=COUNTERFACTUAL if split is None else f"{RANDOMISED}{' --truth' if split.truth else ''}",
        engine=engine,
        days=loaded.scenario.horizon_days,
        customers=loaded.arms[0].population.size,
        arms=tuple(arm.name for arm in arms),
    )


def refuse_single_arm(scenario: LoadedScenario) -> None:
    """Refuse a scenario with one arm before a run.

    Raises:
        InputError: The scenario has one arm only.
    """
    if len(scenario.arms) < 2:
        raise InputError(f"{scenario.name}: arms: a comparison needs at least one arm besides {BASELINE!r}")


def summarise(loaded: LoadedScenario, replications: Replications, split: "Split | None" = None) -> Comparison:
    """Summarise complete replications, at least one.

    Raises:
        InputError: With a split, there is no replication in which every arm has customers.
    """
    arm_specs, primary = loaded.arms, loaded.scenario.primary_metric
    runs = list(replications.runs) if split is None else split.usable_replications(replications.runs)
    unweighted_runs = replications.runs if split is None else [split.pool_strata(each) for each in replications.runs]
    names = _metric_names(runs, loaded.metrics)
    values = [
        {name: [run[index].metrics.get(name) for run in runs] for name in names} for index in range(len(arm_specs))
    ]
    effects = _compute_effects(arm_specs, values, names if split is None else select_comparable(names, split))
    experiment = None
    if split is None:
        effects = add_tests(effects, primary)
    else:
        effects, experiment = _analyse_experiment(split, replications, effects, primary, values, used=len(runs))
    metrics = replace(loaded.metrics, per_customer=experiment is not None)
    customers = None if experiment is None else experiment.total_customers
    guardrails = compare_with_guardrails(loaded.guardrails, effects, metrics, customers)
    money = compute_returns(loaded.scenario, arm_specs, runs, runs[0][0].days, LABEL if split is None else LEDGER)
    identical = {arm_spec.name for arm_spec in arm_specs[1:] if _is_identical(arm_specs[0], arm_spec)}
    sizes = _count_customers(replications, split)
    first = replications.runs[0]
    runs_by_arm = {arm_spec.name: [arms[index] for arms in unweighted_runs] for index, arm_spec in enumerate(arm_specs)}
    return Comparison(
        loaded=loaded,
        seed=loaded.scenario.seed,
        engine=first[0].engine,
        requested=replications.requested,
        replications=len(replications.runs),
        customers=sizes[0],
        mean_customers=compute_mean([float(size) for size in sizes]),
        days=first[0].days,
        arms={
            arm_spec.name: {name: estimate_mean(_drop_missing(values[index][name])) for name in names}
            for index, arm_spec in enumerate(arm_specs)
        },
        effects=effects,
        roi=money,
        verdict=build_verdict(
            primary,
            metrics.get(primary),
            effects,
            money,
            replications=len(runs),
            identical=identical,
            experiment=experiment,
            guardrails=guardrails,
        ),
        funnels={name: decision_funnel.build_funnel(arm_runs) for name, arm_runs in runs_by_arm.items()},
        untreated={name: summarise_untreated(arm_runs) for name, arm_runs in runs_by_arm.items()},
        gate={name: summarise_queue(arm_runs) for name, arm_runs in runs_by_arm.items()},
        precision=replications.precision,
        interrupted=replications.interrupted,
        experiment=experiment,
        guardrails=guardrails,
        acquisition={
            name: summary
            for name, arm_runs in runs_by_arm.items()
            if (summary := summarise_acquisition(arm_runs)) is not None
        },
    )


def _analyse_experiment(
    split: "Split",
    replications: Replications,
    effects: dict[str, dict[str, Effect]],
    primary: str,
    values: Sequence[dict[str, list[float | None]]],
    *,
    used: int,
) -> tuple[dict[str, dict[str, Effect]], Experiment]:
    """The effects with their tests, and the analysis of the experiment, of which `used` replications are usable."""
    tested, segments = _test_with_segments(split, replications.runs, effects, primary)
    excluded = len(replications.runs) - used
    return tested, analyse_experiment(split, replications.runs, tested, segments, values, excluded)


def _count_customers(replications: Replications, split: "Split | None") -> list[int]:
    """Number of customers in each replication."""
    return [
        runs[0].customers if split is None else sum(run.customers for run in runs[: len(split.strata)])
        for runs in replications.runs
    ]


def _compute_effects(
    arms: Sequence["ArmSpec"], values: Sequence[dict[str, list[float | None]]], names: Sequence[str]
) -> dict[str, dict[str, Effect]]:
    return {
        arm.name: {
            name: compute_effect(
                values[0][name],
                values[index][name],
                unknown=BUILT_IN[name].describe_missing_role(arm.journey) if name in BUILT_IN else "",
            )
            for name in names
        }
        for index, arm in enumerate(arms[1:], start=1)
    }


def _test_with_segments(
    split: "Split", replications: Sequence[Sequence["Run"]], effects: dict[str, dict[str, Effect]], primary: str
) -> tuple[dict[str, dict[str, Effect]], dict[str, dict[str, Effect]]]:
    """The tested effects by metric, and those on the primary metric by segment; what is in both is tested once."""
    usable = [runs for runs in replications if split.is_usable(runs)]
    by_segment = compute_segment_effects(split, usable, primary)
    tested = add_tests({arm: by_segment[arm] | effects[arm] for arm in effects}, primary)
    return (
        {arm: {name: tested[arm][name] for name in metrics} for arm, metrics in effects.items()},
        {
            arm: {segment: tested[arm][name_segment_metric(primary, segment)] for segment in split.compared_segments}
            for arm in effects
        },
    )


def _metric_names(runs: Sequence[Sequence["Run"]], metrics: MetricCatalogue) -> list[str]:
    """All metrics of any run: first those of the whole population, then the others in the engine's order."""
    return metrics.sort(dict.fromkeys(name for arms in runs for run in arms for name in run.metrics))


def _drop_missing(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _is_identical(baseline: "ArmSpec", arm: "ArmSpec") -> bool:
    return baseline == replace(
        arm, name=baseline.name, share=baseline.share, share_by_segment=baseline.share_by_segment
    )


def _estimate_as_dict(estimate: Estimate) -> dict[str, Any]:
    return {
        "mean": estimate.mean,
        "ci_low": estimate.low,
        "ci_high": estimate.high,
        "cohort_sd": estimate.sd,
        "n": estimate.n,
    }


def _return_as_dict(arm_return: Return) -> dict[str, Any]:
    return {
        "incremental_value": arm_return.ledger.value,
        "incremental_cost": arm_return.ledger.cost,
        "net": arm_return.ledger.net,
        "roi": arm_return.roi,
        "roi_reason": arm_return.roi_reason or None,
        "roi_ci_low": None if arm_return.roi_interval is None else arm_return.roi_interval[0],
        "roi_ci_high": None if arm_return.roi_interval is None else arm_return.roi_interval[1],
        "net_ci_low": arm_return.net.low,
        "net_ci_high": arm_return.net.high,
        "net_ci_note": arm_return.note or None,
        "net_cohort_sd": arm_return.net.sd,
        "n": arm_return.net.n,
        "probability_positive": arm_return.probability_positive,
        "probability_positive_means": "share of the replications (cohorts of this size) in which the net was above 0",
        "lines": [line.as_dict() for line in arm_return.ledger.lines],
    }
