"""`python -m tests.compile_once`: have all compiled code in the cache, so that the tests find it there."""

from journey.batch import evaluate_folder
from journey.evaluation.broken_rules import find_broken_rules
from journey.records.folder import bundled_folder, read_folder
from journey.rules import Rule
from simulation.acquisition import compiled_engine
from simulation.runs.run import run_arm
from tests.simulation.acquisition_plans import arm_with, plan
from tests.simulation.worlds import arm


def main() -> None:
    """Call each compiled entry point once: the engine, the funnel, the batch evaluation, rules in histories."""
    run_arm(arm(), seed=1, replication=0, days=1.0, engine="compiled")
    compiled_engine.simulate_funnel(arm_with(plan()).population, seed=1, replication=0)
    evaluate_folder(bundled_folder())
    # Some of the ten customers break it, so the events are found, too.
    first = Rule("first", "precedence", ("review:approved",), ("action:usage_review_checkin",))
    assert find_broken_rules(read_folder(bundled_folder()), [first], batch=True).findings


if __name__ == "__main__":
    main()
