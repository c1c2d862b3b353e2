"""The shape of the project: imports run one way, folders have no circles, and importing is cheap."""

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
    "journeylab": {"journey", "scenarios", "journeylab"},
}
ROOMS = ("journey", "simulation", "scenarios")
"""The packages that are divided into folders; `journeylab` is a thin front of a few modules."""


def _imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]


@pytest.mark.medium
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


# -- rooms ----------------------------------------------------------------------------------------


def _module_of(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _modules():
    return {_module_of(path): path for package in MAY_IMPORT for path in (ROOT / package).rglob("*.py")}


def _imported_modules(path, modules):
    """Every module of ours that a file imports: at the top, inside functions, and for types only."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module in modules:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in modules else node.module


def _folder_graph():
    """For each folder the folders it needs."""
    modules = _modules()
    graph = {path.parent: set() for path in modules.values()}
    for path in modules.values():
        graph[path.parent] |= {modules[name].parent for name in _imported_modules(path, modules)} - {path.parent}
    return graph


def _circles(graph):
    """Groups of folders each of which needs, directly or not, every other one of the group."""
    reach = {}
    for folder in graph:
        seen, waiting = set(), [folder]
        while waiting:
            waiting.extend(new := graph[waiting.pop()] - seen)
            seen |= new
        reach[folder] = seen
    return sorted(
        {tuple(sorted({one, *(two for two in reach[one] if one in reach[two])})) for one in graph if one in reach[one]}
    )


@pytest.mark.medium
def test_no_folder_needs_a_folder_that_needs_it():
    circles = [[str(folder.relative_to(ROOT)) for folder in circle] for circle in _circles(_folder_graph())]
    assert circles == []


def test_a_circle_is_noticed():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()}
    assert _circles(graph) == [("b", "c")]


@pytest.mark.parametrize("package", ROOMS)
def test_no_module_is_loose_in_a_package(package):
    assert [path.name for path in (ROOT / package).glob("*.py")] == ["__init__.py"]


def test_every_folder_says_which_question_it_answers():
    silent = [
        path
        for path in _modules().values()
        if path.name == "__init__.py" and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_the_tests_mirror_the_packages():
    """A folder of tests has the name of a folder that it tests."""
    ours = {path.parent.relative_to(ROOT) for path in _modules().values()} | {Path("scenarios/builtin")}
    tests = {
        path.parent.relative_to(ROOT / "tests")
        for package in MAY_IMPORT
        for path in (ROOT / "tests" / package).rglob("*.py")
    }
    assert tests <= ours
