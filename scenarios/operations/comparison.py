"""Plan and run a comparison of the arms of a scenario."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from journey.core.errors import InputError
from scenarios.comparison.compare import COUNTERFACTUAL, Comparison, build_identity, compare, refuse_single_arm
from scenarios.comparison.stopping_rule import parse_precision
from scenarios.experiment.analysis import RANDOMISED, build_scenario_split
from scenarios.operations.options import refuse_unknown_choice
from simulation.runs.engine_choice import AUTO, ENGINES, EngineChoice, choose_engine

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from scenarios.comparison.checkpoint import Checkpoint
    from scenarios.comparison.options import ProgressCallback
    from scenarios.comparison.stopping_rule import PrecisionTarget
    from scenarios.experiment.assignment import Split
    from scenarios.files.loader import LoadedScenario

MODES = (COUNTERFACTUAL, RANDOMISED)
"""Designs of a comparison."""


@dataclass(frozen=True)
class ComparisonPlan:
    """A comparison whose options are checked.

    Attributes:
        loaded: The scenario.
        choice: The engine, and the reason for it.
        any_engine: Whether a checkpoint file may determine the engine instead.
        precision: Half-widths to reach; None for a fixed number of replications.
        split: In randomised mode, the assignment of customers to arms.
    """

    loaded: "LoadedScenario"
    choice: EngineChoice
    any_engine: bool
    precision: "PrecisionTarget | None"
    split: "Split | None"

    def open_checkpoint(self, path: Path | None) -> AbstractContextManager["Checkpoint | None"]:
        """The checkpoint file for replications, open for as long as the context lasts; None without a path.

        Raises:
            InputError: The file belongs to another comparison, or cannot be used.
        """
        if path is None:
            return nullcontext()
        from scenarios.comparison.checkpoint import open_checkpoint

        identity = build_identity(self.loaded, self.choice.engine, self.split)
        return open_checkpoint(path, identity, any_engine=self.any_engine)

    def with_engine_of(self, checkpoint: "Checkpoint | None") -> "ComparisonPlan":
        """This plan with the engine that a checkpoint file was created with."""
        if checkpoint is None or checkpoint.identity.engine == self.choice.engine:
            return self
        return replace(self, choice=EngineChoice(checkpoint.identity.engine, f"{checkpoint.path} was created with it"))

    def run(
        self,
        *,
        workers: int = 1,
        cluster: str | None = None,
        executor: "Executor | None" = None,
        progress: "ProgressCallback | None" = None,
        checkpoint: "Checkpoint | None" = None,
    ) -> Comparison:
        """Run the comparison; the arguments and errors are those of `scenarios.comparison.compare.compare`."""
        return compare(
            self.loaded,
            workers=workers,
            cluster=cluster,
            executor=executor,
            progress=progress,
            engine=self.choice.engine,
            precision=self.precision,
            checkpoint=checkpoint,
            split=self.split,
        )


def plan_comparison(
    loaded: "LoadedScenario",
    *,
    mode: str = COUNTERFACTUAL,
    truth: bool = False,
    engine: str = AUTO,
    precision: Mapping[str, float] | Sequence[str] | None = None,
    max_replications: int | None = None,
) -> ComparisonPlan:
    """Check the options of a comparison and choose the engine.

    Args:
        loaded: The scenario.
        mode: One of `MODES`.
        truth: In randomised mode, also simulate each arm with all customers.
        engine: One of `simulation.runs.engine_choice.ENGINES`.
        precision: Half-width of the 95 % interval to reach by metric, as a mapping or as ``METRIC=HALF_WIDTH`` texts.
        max_replications: Upper limit for `precision`.

    Raises:
        InputError: An option is invalid, or the scenario has one arm only.
    """
    refuse_unknown_choice("mode", mode, MODES)
    refuse_unknown_choice("engine", engine, ENGINES)
    target = _parse_precision(loaded, precision, max_replications)
    split = _build_split(loaded, mode, truth=truth)
    return ComparisonPlan(loaded, _choose_engine(loaded, engine, split), engine == AUTO, target, split)


def _parse_precision(
    loaded: "LoadedScenario", precision: Mapping[str, float] | Sequence[str] | None, maximum: int | None
) -> "PrecisionTarget | None":
    scenario = loaded.scenario
    if isinstance(precision, Mapping):
        precision = [f"{metric}={half_width}" for metric, half_width in precision.items()]
    return parse_precision(
        precision or (),
        maximum=maximum,
        replications=scenario.replications,
        metrics=loaded.metrics,
    )


def _build_split(loaded: "LoadedScenario", mode: str, *, truth: bool) -> "Split | None":
    """The assignment of customers to arms in a randomised comparison; None in a counterfactual one."""
    if mode == COUNTERFACTUAL:
        if truth:
            raise InputError(
                "--truth: requires --mode randomised; the counterfactual comparison already measures the true effects"
            )
        return None
    refuse_single_arm(loaded)
    return build_scenario_split(loaded, truth=truth)


def _choose_engine(loaded: "LoadedScenario", requested: str, split: "Split | None") -> EngineChoice:
    """The engine for all runs of a comparison."""
    scenario = loaded.scenario
    parts = [(arm,) for arm in loaded.arms] if split is None else split.parts
    work = sum(part[0].population.workload(scenario.horizon_days) for part in parts) * scenario.replications
    return choose_engine(requested, loaded.arms, work)
