"""A comparison: every arm on the same luck, replication by replication, and what can be said about the differences.

`summarise` is pure: runs in, a `Comparison` out. `compare` adds the running.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from journey.errors import InputError
from scenarios.files import LoadedScenario
from scenarios.metrics import METRICS
from scenarios.model import BASELINE
from scenarios.money import Return, returns
from scenarios.replications import Progress, Replications, RunArm, replicate
from scenarios.statistics import CONFIDENCE, Estimate, differences, estimate, holm, variance_reduction
from scenarios.verdict import Verdict, judge

if TYPE_CHECKING:
    from simulation.run import Run
    from simulation.setup import ArmSetup

COUNTERFACTUAL = "counterfactual"
INTERVALS = (
    f"{100 * CONFIDENCE:.0f} % Student t intervals over replications: simulation error of the mean, which more "
    "replications shrink. cohort_sd: how one cohort of this size varies from the next. What is not known about the "
    "world itself is in neither."
)


@dataclass(frozen=True, slots=True)
class Effect:
    """One metric's paired difference, arm minus baseline.

    Attributes:
        difference: Mean difference with its interval; the standard deviation is that of one cohort.
        baseline: Mean of the baseline over the same replications.
        variance_reduction: (Var A + Var B) / Var(B - A); None where undefined.
        note: Why something is undefined; empty where nothing is.
        shown: Whether the null "no difference in this metric" is refuted at the stated confidence. The primary metric
            is tested over the arms, the others as one family of theirs, each with Holm's correction.
    """

    difference: Estimate
    baseline: float | None
    variance_reduction: float | None
    note: str
    shown: bool = False


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
    mode: str = COUNTERFACTUAL

    @property
    def interrupted(self) -> bool:
        """Whether fewer replications are complete than were asked for."""
        return self.replications < self.asked

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
            "intervals": INTERVALS,
            "overrides": list(self.loaded.overridden),
            "arms": {
                name: {metric: _arm_dict(found) for metric, found in metrics.items()}
                for name, metrics in self.arms.items()
            },
            "effects": {
                name: {metric: _effect_dict(found) for metric, found in metrics.items()}
                for name, metrics in self.effects.items()
            },
            "roi": {name: _return_dict(found) for name, found in self.roi.items()},
            "verdict": self.verdict.text,
            "verdicts": {name: finding.outcome for name, finding in self.verdict.findings.items()},
        }


def compare(
    loaded: LoadedScenario,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    run_arm: RunArm | None = None,
    engine: str = "reference",
) -> Comparison:
    """Run a scenario's arms on the same luck and compare them.

    Args:
        loaded: The scenario.
        workers: How many processes; the result does not depend on it.
        progress: Told about each run that is done.
        run_arm: What runs one arm; left out, the engine.
        engine: Which engine; see `simulation.run.run_arm`.

    Raises:
        InputError: The scenario has one arm only, or the engine refuses it.
        KeyboardInterrupt: Interrupted before any replication was complete.
    """
    refuse_single_arm(loaded)
    scenario = loaded.scenario
    done = replicate(
        loaded.setups,
        seed=scenario.seed,
        replications=scenario.replications,
        days=scenario.horizon_days,
        workers=workers,
        progress=progress,
        run_arm=run_arm,
        engine=engine,
    )
    if not done.runs:
        raise KeyboardInterrupt
    return summarise(loaded, done)


def refuse_single_arm(loaded: LoadedScenario) -> None:
    """Say so before a run when there is nothing to compare.

    Raises:
        InputError: The scenario has one arm only.
    """
    if len(loaded.setups) < 2:
        raise InputError(f"{loaded.name}: arms: a comparison needs at least one arm besides {BASELINE!r}")


def summarise(loaded: LoadedScenario, done: Replications) -> Comparison:
    """What complete replications say; at least one."""
    setups, runs = loaded.setups, done.runs
    first = runs[0][0]
    names = _metric_names(runs)
    values = [{name: [run[place].metrics.get(name) for run in runs] for name in names} for place in range(len(setups))]
    effects = {
        setup.name: {name: _effect(values[0][name], values[place][name]) for name in names}
        for place, setup in enumerate(setups[1:], start=1)
    }
    effects = _judged(effects, loaded.scenario.primary_metric)
    money = returns(loaded.scenario, setups, runs, first.days)
    return Comparison(
        loaded=loaded,
        seed=loaded.scenario.seed,
        engine=first.engine,
        asked=done.asked,
        replications=len(runs),
        customers=first.customers,
        days=first.days,
        arms={
            setup.name: {name: estimate(_known(values[place][name])) for name in names}
            for place, setup in enumerate(setups)
        },
        effects=effects,
        roi=money,
        verdict=judge(
            loaded.scenario.primary_metric,
            effects,
            money,
            replications=len(runs),
            identical={setup.name for setup in setups[1:] if _same(setups[0], setup)},
        ),
    )


def _metric_names(runs: Sequence[Sequence["Run"]]) -> list[str]:
    """Every metric that any run has: those that are always there first, then in the engine's order."""
    found = dict.fromkeys(name for arms in runs for run in arms for name in run.metrics)
    return [*(name for name in METRICS if name in found), *(name for name in found if name not in METRICS)]


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _effect(baseline: Sequence[float | None], treated: Sequence[float | None]) -> Effect:
    """The paired difference over the replications in which both arms could be measured."""
    pairs = [(a, b) for a, b in zip(baseline, treated, strict=True) if a is not None and b is not None]
    before, after = [a for a, _ in pairs], [b for _, b in pairs]
    reduction = variance_reduction(before, after)
    note = reduction.reason
    if not pairs:
        note = "never measured in both arms"
    elif len(pairs) < len(baseline):
        note = f"measured in both arms in {len(pairs)} of {len(baseline)} replications" + (f"; {note}" if note else "")
    return Effect(estimate(differences(before, after)), estimate(before).mean, reduction.ratio, note)


def _judged(effects: dict[str, dict[str, Effect]], primary: str) -> dict[str, dict[str, Effect]]:
    """The effects with `shown` filled in: the primary metric over all arms, then the others of each arm."""
    families = [[(arm, primary) for arm in effects if primary in effects[arm]]]
    families += [[(arm, name) for name in metrics if name != primary] for arm, metrics in effects.items()]
    result = {arm: dict(metrics) for arm, metrics in effects.items()}
    for family in families:
        tested = [(arm, name) for arm, name in family if effects[arm][name].difference.p_value is not None]
        p_values = [effects[arm][name].difference.p_value or 0.0 for arm, name in tested]
        for (arm, name), adjusted in zip(tested, holm(p_values), strict=True):
            result[arm][name] = replace(effects[arm][name], shown=adjusted < 1.0 - CONFIDENCE)
    return result


def _same(one: "ArmSetup", other: "ArmSetup") -> bool:
    return one == replace(other, name=one.name)


def _arm_dict(found: Estimate) -> dict[str, Any]:
    return {
        "mean": found.mean,
        "ci_low": found.low,
        "ci_high": found.high,
        "cohort_sd": found.sd,
        "n": found.n,
    }


def _effect_dict(found: Effect) -> dict[str, Any]:
    difference = found.difference
    return {
        "difference": difference.mean,
        "ci_low": difference.low,
        "ci_high": difference.high,
        "variance_reduction": found.variance_reduction,
        "cohort_sd": difference.sd,
        "n": difference.n,
        "shown": found.shown,
        "note": found.note or None,
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
        "net_cohort_sd": found.net.sd,
        "probability_positive": found.probability_positive,
        "probability_positive_means": "share of the replications (cohorts of this size) in which the net was above 0",
        "lines": [line.as_dict() for line in found.ledger.lines],
    }


def version() -> str:
    """Version of this software."""
    from importlib.metadata import version as installed

    return installed("journeylab")
