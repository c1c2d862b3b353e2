"""The wheel: built, installed into a fresh environment and used from an empty folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from journey.core.version import version
from tests.journeylab.testing.agreed_journey import AGREED, FAULTS, plant

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

    def run(*arguments, program="journey", folder=empty):
        clean = {"PATH": os.environ["PATH"], "PYTHONPATH": str(borrowed), "HOME": str(place)}
        return subprocess.run(
            [scripts / program, *arguments],
            cwd=folder,
            env=clean,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
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


OWN_TESTS = """
import tomllib
from pathlib import Path

from hypothesis import given
from hypothesis.stateful import invariant

import journeylab as jl
from journeylab.testing import JourneyStateMachine, legal_histories

JOURNEY = jl.Journey.from_dict(tomllib.loads(Path("journey.toml").read_text())["journey"])


@given(legal_histories(JOURNEY))
def test_histories_are_of_the_journey(history):
    assert set(history.stages) <= set(JOURNEY.stages)


class Customer(JourneyStateMachine):
    journey = JOURNEY
    segments = ("team", "other")

    @invariant()
    def cancelled_is_final(self):
        assert "cancelled" not in self.history[:-1]


TestCustomer = Customer.TestCase
"""


def test_the_kit_tests_a_journey_in_an_empty_folder(journey, tmp_path):
    """The wheel brings the plugin of pytest: neither a conftest nor an option for it is needed."""
    (tmp_path / "journey.toml").write_text(AGREED)
    (tmp_path / "test_own.py").write_text(OWN_TESTS)
    command = ("-m", "pytest", "-q", "-W", "error", "--journey", "journey.toml")
    done = journey(*command, program="python", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "moves made by passing tests: 12 of 12 (100%)" in done.stdout
    assert "moves made by your own tests: " in done.stdout

    fault = next(fault for fault in FAULTS if "terminal stage" in fault.name)
    (tmp_path / "agreed.toml").write_text(AGREED)
    (tmp_path / "journey.toml").write_text(plant(fault))
    done = journey(*command, "--journey-expected", "agreed.toml", program="python", folder=tmp_path)
    assert done.returncode == 1
    assert "state.move(move='win_back')" in done.stdout
    for name in (*fault.found_by, "test_own.py::TestCustomer::runTest"):
        assert f"{name}" in done.stdout.split("short test summary info")[1]


def test_the_wheel_names_the_packages_of_the_kit(journey):
    code = "from importlib.metadata import requires; print([r for r in requires('journeylab') if 'testing' in r])"
    done = journey("-c", code, program="python")
    assert "hypothesis" in done.stdout
    assert "pytest" in done.stdout
