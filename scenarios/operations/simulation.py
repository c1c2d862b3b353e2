"""Plan and run the simulation of one arm of a scenario, once."""

from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.execution.memory import Workload, refuse_what_does_not_fit
from scenarios.execution.pods import run_in_pods
from scenarios.execution.protocol import LOCAL
from scenarios.operations.options import find_arm, refuse_unknown_choice
from scenarios.operations.simulation_result import SimulationResult
from simulation.model.rule_parameters import count_rule_marks
from simulation.runs.engine_choice import AUTO, ENGINES, EngineChoice, choose_engine

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from scenarios.files.loader import LoadedScenario
    from simulation.model.arm import ArmSpec


@dataclass(frozen=True)
class SimulationPlan:
    """A simulation whose options are checked.

    Attributes:
        loaded: The scenario.
        arm_spec: The arm.
        choice: The engine, and the reason for it.
    """

    loaded: "LoadedScenario"
    arm_spec: "ArmSpec"
    choice: EngineChoice

    def refuse_what_does_not_fit(self, processes: int, *, traced: bool = False, streamed: bool = False) -> None:
        """Refuse a run that will not fit in memory.

        Each process simulates one pod at a time; rows of the trace that are kept are all in this process.

        Args:
            processes: Number of processes on this machine.
            traced: Whether a trace is recorded.
            streamed: Whether its rows are written as they arise, and not kept in memory.

        Raises:
            InputError: The run will not fit in memory.
        """
        size, pods = self.arm_spec.population.size, self.arm_spec.reviewers.pods
        if not traced or streamed:
            size, processes = ceil(size / pods), min(processes, pods)
        else:
            processes = 1
        days = self.loaded.scenario.horizon_days
        marks = count_rule_marks(self.arm_spec.rules)
        workload = Workload(self.choice.engine, size, days, processes, trace=traced, streamed=streamed, marks=marks)
        refuse_what_does_not_fit(workload)

    def run(
        self,
        *,
        workers: int = 1,
        cluster: str | None = None,
        executor: "Executor | None" = None,
        trace: bool = False,
        trace_folder: Path | None = None,
    ) -> SimulationResult:
        """Run the simulation; the arguments and errors are those of `scenarios.execution.pods.run_in_pods`.

        Raises:
            InputError: The run will not fit in the memory of this machine, where it runs here.
        """
        streamed = trace_folder is not None
        if cluster in (None, LOCAL) and executor is None:
            self.refuse_what_does_not_fit(workers, traced=trace or streamed, streamed=streamed)
        scenario = self.loaded.scenario
        run = run_in_pods(
            self.arm_spec,
            seed=scenario.seed,
            days=scenario.horizon_days,
            engine=self.choice.engine,
            workers=workers,
            cluster=cluster,
            executor=executor,
            trace=trace,
            trace_folder=trace_folder,
        )
        return SimulationResult(self.loaded, run)


def plan_simulation(loaded: "LoadedScenario", *, arm: str, engine: str = AUTO) -> SimulationPlan:
    """Find the arm and choose the engine.

    Args:
        loaded: The scenario.
        arm: Name of the arm.
        engine: One of `simulation.runs.engine_choice.ENGINES`.

    Raises:
        InputError: There is no such arm, or no such engine.
    """
    refuse_unknown_choice("engine", engine, ENGINES)
    arm_spec = find_arm(loaded, arm)
    work = arm_spec.population.workload(loaded.scenario.horizon_days)
    return SimulationPlan(loaded, arm_spec, choose_engine(engine, [arm_spec], work))
