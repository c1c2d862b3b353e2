"""The oracle is independent of the engines: it imports only what the engines do not simulate customers with."""

import ast
from pathlib import Path

FOLDER = Path(__file__).parent
NOT_THE_ORACLE = {"comparison.py", "full_runs.py"}
PURE_FUNCTIONS = {"DETERMINISTIC", "EXPONENTIAL", "NEVER", "advance", "cumulative_hazard", "due_in", "initial_amount"}
MAY_IMPORT = {
    "simulation.distributions": {"dwell_times"},
    "simulation.distributions.dwell_times": PURE_FUNCTIONS,
    "simulation.model.arm": {"ArmSpec"},
    "simulation.model.run_options": {"RunOptions"},
    "simulation.model.distress_spec": {"Signals", "Strengths"},
    "simulation.model.dwell_spec": {"Dwell"},
    "simulation.model.population_spec": {"Population"},
    "simulation.model.reviewers_spec": {"Reviewers"},
    "simulation.model.working_hours": {"completion_time", "next_opening"},
    "simulation.model.world_spec": {"Imperfections", "Phase", "World"},
    "simulation.population.draw": {
        "Cohort", "InitialCustomer", "assign_arm", "build_arm_splits", "draw_frailty", "pick",
    },
    "simulation.random": {"streams"},
    "simulation.random.streams": {"exponential", "uniform"},
    "simulation.trace": {"events"},
    "simulation.trace.events": {"Trace"},
}  # fmt: skip
"""Names by module. Everything in `tests.oracle` and `journey` may be imported too."""


def _simulation_imports():
    """Each name that a module of the oracle imports from `simulation`, as (module, name)."""
    for path in FOLDER.glob("*.py"):
        if path.name.startswith("test_") or path.name in NOT_THE_ORACLE:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert not any(alias.name.startswith("simulation") for alias in node.names), path
            elif isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "simulation":
                yield from ((node.module, alias.name) for alias in node.names)


def test_the_oracle_imports_no_part_of_an_engine():
    assert set(_simulation_imports()) == {(module, name) for module, names in MAY_IMPORT.items() for name in names}


def test_the_oracle_imports_from_no_other_folder_of_the_tests():
    for path in FOLDER.glob("*.py"):
        if not path.name.startswith("test_") and path.name not in NOT_THE_ORACLE:
            source = path.read_text(encoding="utf-8")
            assert "tests." not in source.replace("tests.oracle", ""), path
