"""The wheel: built, installed into a fresh environment and used from an empty folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from journey.core.version import version

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def journey(tmp_path_factory):
    """The `journey` command of a fresh environment that has nothing but the wheel (and borrowed dependencies)."""
    place = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", place, ROOT], check=True)
    (wheel,) = place.glob("*.whl")
    environment = place / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    scripts = environment / "bin"
    subprocess.run([scripts / "python", *pip[1:], "install", "--no-deps", wheel], check=True)
    # The dependencies are those of the environment that runs the tests; the package itself must not be.
    borrowed = place / "borrowed"
    borrowed.mkdir()
    for package in Path(sys.modules["pytest"].__file__).parent.parent.iterdir():
        if not package.name.lower().startswith(("journeylab", "_journeylab", "__editable__", "_editable")):
            (borrowed / package.name).symlink_to(package)
    empty = place / "empty"
    empty.mkdir()

    def run(*arguments, program="journey"):
        clean = {"PATH": os.environ["PATH"], "PYTHONPATH": str(borrowed), "HOME": str(place)}
        return subprocess.run(
            [scripts / program, *arguments], cwd=empty, env=clean, capture_output=True, text=True, check=False
        )

    run.installed = environment / "lib"
    return run


def test_the_command_is_installed_from_the_wheel(journey):
    assert list(journey.installed.glob("*/site-packages/scenarios/cli"))
    done = journey("--help")
    assert done.returncode == 0, done.stderr


def test_the_bundled_customers_are_evaluated_from_any_folder(journey):
    done = journey("evaluate", "--json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["decisions"]) == 10


def test_the_built_in_scenarios_are_inside(journey):
    done = journey("scenarios", "--json")
    assert done.returncode == 0, done.stderr
    assert {"onboarding_outreach", "seed_ten"} <= {scenario["name"] for scenario in json.loads(done.stdout)}


def test_a_project_of_a_template_is_valid(journey, tmp_path):
    done = journey("init", str(tmp_path / "mine"), "--template", "trial")
    assert done.returncode == 0, done.stderr
    done = journey("validate", str(tmp_path / "mine" / "scenario.toml"))
    assert done.returncode == 0, done.stderr


def test_a_comparison_runs_from_any_folder(journey):
    done = journey("compare", "seed_ten", "--replications", "2", "--json")
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)["arms"]) >= {"baseline", "treated"}


THREE_LINES = """
import journeylab as jl
comparison = jl.compare("seed_ten", replications=2)
print(comparison)
"""


def test_three_lines_of_python_give_a_result(journey):
    done = journey("-c", THREE_LINES, program="python")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("treated: ")


def test_the_package_is_typed_and_has_the_version_of_the_wheel(journey):
    assert list(journey.installed.glob("*/site-packages/journeylab/py.typed"))
    code = "import journeylab; print(journeylab.__version__, len(journeylab.evaluate().decisions))"
    done = journey("-c", code, program="python")
    assert done.stdout == f"{version()} 10\n", done.stderr
