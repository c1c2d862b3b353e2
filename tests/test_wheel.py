"""The wheel: built, installed into a fresh environment and used from an empty folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

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

    def run(*arguments):
        clean = {"PATH": os.environ["PATH"], "PYTHONPATH": str(borrowed), "HOME": str(place)}
        return subprocess.run(
            [scripts / "journey", *arguments], cwd=empty, env=clean, capture_output=True, text=True, check=False
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


def test_a_comparison_runs_from_any_folder(journey):
    done = journey("compare", "seed_ten", "--replications", "2", "--json")
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)["arms"]) >= {"baseline", "treated"}
