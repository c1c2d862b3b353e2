"""`python -m tests.compile_once`: have all compiled code in the cache, so that the tests find it there."""

from journey.batch import evaluate_folder
from journey.records.folder import bundled_folder
from simulation.acquisition import compiled_engine
from simulation.runs.run import run_arm
from tests.simulation.acquisition_plans import arm_with, plan
from tests.simulation.worlds import arm


def main() -> None:
    """Call each compiled entry point once: the engine, the funnel, the batch evaluation."""
    run_arm(arm(), seed=1, replication=0, days=1.0, engine="compiled")
    compiled_engine.simulate_funnel(arm_with(plan()).population, seed=1, replication=0)
    evaluate_folder(bundled_folder())


if __name__ == "__main__":
    main()
