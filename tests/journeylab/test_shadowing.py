"""A module of the user that hides a package of ours is named, with the cure."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.medium

USE = "import journeylab as jl\nassert jl.load_scenario('default').arms\nprint('used')\n"


def run(folder, *arguments):
    """Run Python in a folder where our packages are installed and not in the working directory."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", ["simulation", "scenarios", "journey"])
def test_a_file_beside_the_script_is_named(tmp_path, name):
    (tmp_path / f"{name}.py").write_text("answer = 42\n")
    (tmp_path / "study.py").write_text(USE)
    for arguments in (["study.py"], ["-c", USE]):
        done = run(tmp_path, *arguments)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1] == (
            f"ImportError: {tmp_path / name}.py: hides the package {name!r} of journeylab, because Python finds it "
            "first; rename this file"
        )


@pytest.mark.parametrize("name", ["simulation", "scenarios", "journey"])
def test_a_script_with_the_name_of_a_package_is_named(tmp_path, name):
    (tmp_path / f"{name}.py").write_text(USE)
    done = run(tmp_path, f"{name}.py")
    assert f"ImportError: {tmp_path / name}.py: hides the package {name!r}" in done.stderr
    assert "used" not in done.stdout


def test_a_module_that_is_already_imported_is_named(tmp_path):
    (tmp_path / "scenarios.py").write_text(USE)
    done = run(tmp_path, "-c", "import scenarios")
    assert f"ImportError: {tmp_path / 'scenarios.py'}: hides the package 'scenarios'" in done.stderr


def test_a_package_of_the_user_is_named_as_a_folder(tmp_path):
    (tmp_path / "simulation").mkdir()
    (tmp_path / "simulation" / "__init__.py").touch()
    done = run(tmp_path, "-c", USE)
    assert done.stderr.splitlines()[-1] == (
        f"ImportError: {tmp_path / 'simulation'}: hides the package 'simulation' of journeylab, because Python finds "
        "it first; rename this folder"
    )


@pytest.mark.parametrize(("imported", "hidden"), [("simulation", "journey"), ("scenarios", "simulation")])
def test_our_other_packages_name_it_too(tmp_path, imported, hidden):
    (tmp_path / f"{hidden}.py").touch()
    done = run(tmp_path, "-c", f"import {imported}")
    assert f"{hidden}.py: hides the package {hidden!r}" in done.stderr


def test_a_folder_of_data_hides_nothing(tmp_path):
    for name in ("simulation", "scenarios", "journey"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "data.csv").touch()
    done = run(tmp_path, "-c", USE)
    assert (done.returncode, done.stdout) == (0, "used\n"), done.stderr


def test_the_command_is_not_affected_by_files_in_its_folder(tmp_path):
    (tmp_path / "scenarios.py").write_text("raise SystemExit('imported')\n")
    script = tmp_path / "bin" / "journey"
    script.parent.mkdir()
    script.write_text("import sys\nfrom scenarios.cli import main\nsys.exit(main())\n")
    done = run(tmp_path, str(script), "scenarios", "--json")
    assert done.returncode == 0, done.stderr
