"""A comparison of arms, replication by replication, and what can be said about the differences.

Counterfactual: every arm is lived by all customers, on the same luck. Randomised: the customers are split between the
arms and share one gate, as in a real experiment.

`summarise` is pure: runs in, a `Comparison` out. `compare` adds the running.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import TYPE_CHECKING, Any

from journey.core.errors import InputError
from journey.statistics.means import CONFIDENCE, Estimate, estimate_mean
from scenarios.comparison import decision_funnel
from scenarios.comparison.acquisition import ArmAcquisition, acquisition_of_runs
from scenarios.comparison.checkpoint import Identity
from scenarios.comparison.money import LABEL, Return, returns
from scenarios.comparison.replications import Progress, Replications, replicate
from scenarios.comparison.review_queue import GateDay, gate_of
from scenarios.comparison.stopping_rule import Precision, PrecisionFound
from scenarios.comparison.untreated_distress import Unhelped, unhelped_of
from scenarios.comparison.verdict import Verdict, judge
from scenarios.execution.executor import LOCAL
from scenarios.execution.memory import Load, refuse_what_does_not_fit
from scenarios.execution.pods import pods_in
from scenarios.execution.tasks import Live, RunArm
from scenarios.experiment.analysis import INTERVALS as RANDOMISED_INTERVALS
from scenarios.experiment.analysis import LEDGER, RANDOMISED, Experiment, comparable, experiment_of
from scenarios.files.loader import LoadedScenario
from scenarios.files.model import BASELINE
from scenarios.metrics.definitions import METRICS, Metric, metric, per_customer
from scenarios.metrics.effects import Effect, effect_of, tested

if TYPE_CHECKING:
    from scenarios.comparison.checkpoint import Store
    from scenarios.comparison.decision_funnel import Funnel
    from scenarios.experiment.assignment import Split
    from simulation.metrics.run_results import Run
    from simulation.model.arm import ArmSpec

COUNTERFACTUAL = "counterfactual"
INTERVALS = (
    f"{100 * CONFIDENCE:.0f} % Student t intervals over replications: simulation error of the mean, which more "
    "replications shrink. cohort_sd: how one cohort of this size varies from the next. What is not known about the "
    "world itself is in neither."
)


@dataclass(frozen=True)
class Comparison:
    """The answer to a scenario's question.

    Attributes:
        loaded: The scenario.
        seed: All luck follows from it.
        engine: Which engine ran.
        asked: Replications that were asked for.
        replications: Replications that are complete; fewer after an interruption.
        customers: Size of the cohort.
        days: The horizon.
        arms: Per arm and metric, the mean over replications.
        effects: Per arm other than the baseline and metric, the paired difference.
        roi: Per arm other than the baseline, the money.
        verdict: In words.
        funnels: Per arm, what became of every evaluation.
        unhelped: Per arm, who was in distress and got nothing.
        gate: Per arm, its reviewers over time; arms of one experiment share them.
        precision: What came of the precision that was asked for; None where none was.
        interrupted: Whether work was left undone.
        experiment: In randomised mode, what an experimenter sees beyond the effects; None where every arm is lived by
            all customers.
        acquisition: Per arm, what became of its campaigns; empty where customers come by none.
    """

    loaded: LoadedScenario
    seed: int
    engine: str
    asked: int
    replications: int
    customers: int
    days: float
    arms: dict[str, dict[str, Estimate]]
    effects: dict[str, dict[str, Effect]]
    roi: dict[str, Return]
    verdict: Verdict
    funnels: "dict[str, Funnel]" = field(default_factory=dict)
    unhelped: dict[str, tuple[Unhelped, ...]] = field(default_factory=dict)
    gate: dict[str, tuple[GateDay, ...]] = field(default_factory=dict)
    precision: PrecisionFound | None = None
    interrupted: bool = False
    experiment: Experiment | None = None
    acquisition: dict[str, ArmAcquisition] = field(default_factory=dict)

    @property
    def mode(self) -> str:
        """``counterfactual`` or ``randomised``."""
        return COUNTERFACTUAL if self.experiment is None else RANDOMISED

    def about(self, name: str) -> Metric:
        """What is known about a metric as it is given here: in randomised mode totals are given per customer."""
        return metric(name) if self.experiment is None else per_customer(name)

    def as_dict(self) -> dict[str, Any]:
        """The comparison as the command line's JSON."""
        scenario = self.loaded.scenario
        return {
            "scenario": self.loaded.name,
            "scenario_hash": self.loaded.hash,
            "version": version(),
            "seed": self.seed,
            "mode": self.mode,
            "engine": self.engine,
            "replications": self.replications,
            "replications_asked": self.asked,
            "interrupted": self.interrupted,
            "customers": self.customers,
            "days": self.days,
            "primary_metric": scenario.primary_metric,
            "confidence": CONFIDENCE,
            "intervals": INTERVALS if self.experiment is None else RANDOMISED_INTERVALS,
            "overrides": list(self.loaded.overridden),
            "arms": {
                arm: {name: _arm_dict(found) for name, found in metrics.items()} for arm, metrics in self.arms.items()
            },
            "effects": {
                arm: {name: self._effect_dict(arm, name) for name in self.effects[arm]} for arm in self.effects
            },
            "roi": {name: _return_dict(found) for name, found in self.roi.items()},
            "funnel": {name: decision_funnel.as_dict(found) for name, found in self.funnels.items()},
            "unhelped": {name: [row.as_dict() for row in found] for name, found in self.unhelped.items()},
            "gate": {name: [day._asdict() for day in found] for name, found in self.gate.items()},
            "precision": None if self.precision is None else self.precision.as_dict(),
            **(
                {"acquisition": {name: arm.as_dict() for name, arm in self.acquisition.items()}}
                if self.acquisition
                else {}
            ),
            "verdict": self.verdict.text,
            "verdicts": {name: finding.outcome for name, finding in self.verdict.findings.items()},
            **({} if self.experiment is None else self._experiment_dict(self.experiment)),
        }

    def _effect_dict(self, arm: str, name: str) -> dict[str, Any]:
        found = self.effects[arm][name].as_dict()
        return found if self.experiment is None else {**found, **self.experiment.seen[arm][name].as_dict()}

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
    progress: Progress | None = None,
    run_arm: RunArm | None = None,
    run_together: Live | None = None,
    engine: str = "reference",
    precision: Precision | None = None,
    store: "Store | None" = None,
    split: "Split | None" = None,
) -> Comparison:
    """Run a scenario's arms and compare them.

    Args:
        loaded: The scenario.
        workers: How many processes; the result does not depend on it.
        cluster: Whether a Dask cluster does the work, and which (`scenarios.execution.executor.crew`); nor on this.
        progress: Told how far the work is.
        run_arm: What runs one arm; left out, the engine.
        run_together: The same for the arms of a split.
        engine: ``reference`` or ``compiled``.
        precision: How narrow intervals are to become; the scenario's replications are then where looking begins.
        store: Where complete replications are kept, and taken from.
        split: How the customers are divided between the arms; left out, every arm is lived by all of them.

    Raises:
        InputError: The scenario has one arm only, will not fit in memory, or the engine refuses it; or the cluster
            cannot be used.
        WorkerDiedError: Workers died at one run again and again, or none is left.
        KeyboardInterrupt: Interrupted before any replication was complete.
    """
    refuse_single_arm(loaded)
    scenario = loaded.scenario
    elsewhere = cluster is not None and cluster != LOCAL
    if run_arm is None and run_together is None and not elsewhere:
        refuse_what_does_not_fit(_load(loaded, workers, engine, precision, split))
    done = replicate(
        loaded.setups,
        seed=scenario.seed,
        replications=scenario.replications,
        days=scenario.horizon_days,
        workers=workers,
        cluster=cluster,
        progress=progress,
        run_arm=run_arm,
        run_together=run_together,
        engine=engine,
        precision=precision,
        store=store,
        split=split,
    )
    if not done.runs:
        raise KeyboardInterrupt
    return summarise(loaded, done, split)


def _load(
    loaded: LoadedScenario, workers: int, engine: str, precision: Precision | None, split: "Split | None"
) -> Load:
    """What the comparison will have in memory at the same time."""
    scenario = loaded.scenario
    replications = scenario.replications if precision is None else precision.maximum
    pods = pods_in(loaded.setups)
    cohorts = replications * pods * len(loaded.setups if split is None else split.parts)
    runs = replications * (len(loaded.setups) if split is None else sum(map(len, split.parts)))
    customers, days = ceil(loaded.setups[0].population.size / pods), scenario.horizon_days
    return Load(engine, customers, days, processes=min(workers, cohorts), runs=runs)


def identity_of(loaded: LoadedScenario, engine: str, split: "Split | None" = None) -> Identity:
    """What stored replications of this comparison are of."""
    setups = loaded.setups if split is None else tuple(setup for part in split.parts for setup in part)
    return Identity(
        scenario=loaded.name,
        scenario_hash=loaded.hash,
        seed=loaded.scenario.seed,
        version=version(),
        mode=COUNTERFACTUAL if split is None else f"{RANDOMISED}{' --truth' if split.truth else ''}",
        engine=engine,
        days=loaded.scenario.horizon_days,
        customers=loaded.setups[0].population.size,
        arms=tuple(setup.name for setup in setups),
    )


def refuse_single_arm(loaded: LoadedScenario) -> None:
    """Say so before a run when there is nothing to compare.

    Raises:
        InputError: The scenario has one arm only.
    """
    if len(loaded.setups) < 2:
        raise InputError(f"{loaded.name}: arms: a comparison needs at least one arm besides {BASELINE!r}")


def summarise(loaded: LoadedScenario, done: Replications, split: "Split | None" = None) -> Comparison:
    """What complete replications say; at least one.

    Raises:
        InputError: With a split, that in none of them every arm had customers.
    """
    setups, primary = loaded.setups, loaded.scenario.primary_metric
    runs = list(done.runs) if split is None else split.usable(done.runs)
    lived = done.runs if split is None else [split.lived(each) for each in done.runs]
    names = _metric_names(runs)
    values = [{name: [run[place].metrics.get(name) for run in runs] for name in names} for place in range(len(setups))]
    effects = _effects(setups, values, names if split is None else comparable(names, split))
    effects = tested(effects, primary)
    experiment = None
    if split is not None:
        experiment = experiment_of(split, done.runs, effects, values, primary, len(done.runs) - len(runs))
    money = returns(loaded.scenario, setups, runs, runs[0][0].days, LABEL if split is None else LEDGER)
    identical = {setup.name for setup in setups[1:] if _same(setups[0], setup)}
    first = done.runs[0]
    by_arm = {setup.name: [arms[place] for arms in lived] for place, setup in enumerate(setups)}
    return Comparison(
        loaded=loaded,
        seed=loaded.scenario.seed,
        engine=first[0].engine,
        asked=done.asked,
        replications=len(done.runs),
        customers=first[0].customers if split is None else sum(run.customers for run in first[: len(split.strata)]),
        days=first[0].days,
        arms={
            setup.name: {name: estimate_mean(_known(values[place][name])) for name in names}
            for place, setup in enumerate(setups)
        },
        effects=effects,
        roi=money,
        verdict=judge(primary, effects, money, replications=len(runs), identical=identical, experiment=experiment),
        funnels={name: decision_funnel.funnel_of(mine) for name, mine in by_arm.items()},
        unhelped={name: unhelped_of(mine) for name, mine in by_arm.items()},
        gate={name: gate_of(mine) for name, mine in by_arm.items()},
        precision=done.precision,
        interrupted=done.interrupted,
        experiment=experiment,
        acquisition={name: told for name, mine in by_arm.items() if (told := acquisition_of_runs(mine)) is not None},
    )


def _effects(
    setups: Sequence["ArmSpec"], values: Sequence[dict[str, list[float | None]]], names: Sequence[str]
) -> dict[str, dict[str, Effect]]:
    return {
        setup.name: {name: effect_of(values[0][name], values[place][name]) for name in names}
        for place, setup in enumerate(setups[1:], start=1)
    }


def _metric_names(runs: Sequence[Sequence["Run"]]) -> list[str]:
    """Every metric that any run has: those that are always there first, then in the engine's order."""
    found = dict.fromkeys(name for arms in runs for run in arms for name in run.metrics)
    return [*(name for name in METRICS if name in found), *(name for name in found if name not in METRICS)]


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _same(one: "ArmSpec", other: "ArmSpec") -> bool:
    return one == replace(other, name=one.name, share=one.share, share_by_segment=one.share_by_segment)


def _arm_dict(found: Estimate) -> dict[str, Any]:
    return {
        "mean": found.mean,
        "ci_low": found.low,
        "ci_high": found.high,
        "cohort_sd": found.sd,
        "n": found.n,
    }


def _return_dict(found: Return) -> dict[str, Any]:
    return {
        "incremental_value": found.ledger.value,
        "incremental_cost": found.ledger.cost,
        "net": found.ledger.net,
        "roi": found.roi,
        "roi_reason": found.roi_reason or None,
        "net_ci_low": found.net.low,
        "net_ci_high": found.net.high,
        "net_ci_note": found.note or None,
        "net_cohort_sd": found.net.sd,
        "probability_positive": found.probability_positive,
        "probability_positive_means": "share of the replications (cohorts of this size) in which the net was above 0",
        "lines": [line.as_dict() for line in found.ledger.lines],
    }


def version() -> str:
    """Version of this software."""
    from importlib.metadata import version as installed

    return installed("journeylab")
