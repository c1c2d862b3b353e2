"""The shape of the project: imports run one way, and importing is cheap."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "journey": {"journey"},
    "simulation": {"journey", "simulation"},
    "scenarios": {"journey", "simulation", "scenarios"},
}


def _imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_imports_run_from_scenarios_to_simulation_to_journey(package):
    for path in (ROOT / package).rglob("*.py"):
        ours = set(_imports(path)) & set(MAY_IMPORT)
        assert ours <= MAY_IMPORT[package], f"{path} imports {ours - MAY_IMPORT[package]}"


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_no_module_is_so_long_that_it_may_hold_two_jobs(package):
    long = {path.name: size for path in (ROOT / package).rglob("*.py") if (size := path.stat().st_size) > 24_000}
    assert not long


def test_the_command_line_starts_without_the_heavy_packages():
    """What makes `journey --help` quick is what it does not import."""
    code = (
        "import sys, scenarios.cli; "
        "heavy = {'numpy', 'scipy', 'numba', 'duckdb', 'simpy', 'pydantic', 'transitions'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
