"""`pytest --journey`, as a user runs it: in a folder of one's own, in a process of its own."""

import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

from tests.journeylab.testing.agreed_journey import AGREED, FAULTS, plant

pytestmark = pytest.mark.medium

OWN_TESTS = """\
import tomllib
from pathlib import Path

from journey.machine import Facts, Journey

JOURNEY = Journey.from_dict(tomllib.loads(Path("journey.toml").read_text())["journey"])


def test_slip_and_recover():
    assert JOURNEY.move("active", "slip") == "at_risk"
    assert JOURNEY.move("at_risk", "recover") == "active"


def test_that_fails():
    JOURNEY.move("active", "cancel")
    raise AssertionError
"""


def run(folder, *arguments):
    command = [sys.executable, "-m", "pytest", "-p", "pytest_journeylab", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "journey.toml").write_text(AGREED)
    return tmp_path


def test_a_sound_journey_passes_and_its_coverage_is_printed(folder):
    done = run(folder, "--journey", "journey.toml", "-q", "-W", "error")
    assert done.returncode == 0, done.stdout
    summary = done.stdout.split("= journey journey.toml =")[1]
    assert "moves made by passing tests: 12 of 12 (100%)" in summary
    # Four stages are left by `cancel`, each of which ends a path.
    assert "paths that cover every reachable move: 4" in summary
    assert "  trial -convert-> active -slip-> at_risk" in summary
    assert "your own tests" not in summary


def test_a_file_in_the_configuration_is_found_from_a_subfolder(folder):
    options = "--journey journey.toml --journey-expected journey.toml"
    (folder / "pyproject.toml").write_text(f'[tool.pytest.ini_options]\naddopts = "{options}"\n')
    (folder / "tests").mkdir()
    done = run(folder / "tests", "-q", "-k", "legal and not illegal")
    assert done.returncode == 0, done.stdout
    assert "moves made by passing tests: 12 of 12 (100%)" in done.stdout


@pytest.mark.slow
def test_every_planted_fault_is_found(tmp_path):
    """One run with all faulty journeys, each compared with the agreed one."""
    (tmp_path / "agreed.toml").write_text(AGREED)
    files = {f"fault{number}.toml": fault for number, fault in enumerate(FAULTS)}
    arguments = ["--journey", "agreed.toml", "--journey-expected", "agreed.toml"]
    for name, fault in files.items():
        (tmp_path / name).write_text(plant(fault))
        arguments += ["--journey", name, "--journey-expected", "agreed.toml"]
    done = run(tmp_path, *arguments, "-q", "--junitxml", "result.xml", "--continue-on-collection-errors")
    assert done.returncode == 1
    failed = {name: set() for name in ("agreed.toml", *files)}
    for case in ET.parse(tmp_path / "result.xml").iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            file = (case.get("classname") or case.get("name")).removesuffix(".toml").split(".")[-1] + ".toml"
            failed[file].add(case.get("name"))
    assert failed["agreed.toml"] == set()
    for name, fault in files.items():
        assert failed[name], fault.name
        assert set(fault.found_by) <= failed[name], fault.name
    assert "Traceback" not in done.stdout


@pytest.mark.slow
def test_moves_of_passing_tests_of_ones_own_count(folder):
    (folder / "test_own.py").write_text(OWN_TESTS)
    done = run(folder, "--journey", "journey.toml", "-q")
    summary = done.stdout.split("= journey journey.toml =")[1]
    assert "moves made by your own tests: 2 of 12 (17%)" in summary
    assert "not made by your own tests:\n  trial -convert [" in summary
    assert "  active -cancel-> cancelled" in summary
    assert "active -slip-> at_risk\n  at" not in summary.split("paths that")[0]


def test_a_failure_is_sentences_without_a_traceback(folder):
    fault = next(fault for fault in FAULTS if "too many" in fault.name)
    (folder / "changed.toml").write_text(plant(fault))
    done = run(folder, "--journey", "changed.toml", "--journey-expected", "journey.toml", "-q")
    assert done.returncode == 1
    assert (
        "trial -convert-> active: expected MOVED to active, as journey.toml states\n"
        "the journey answers: BLOCKED\n"
        "facts: days in stage 14.0, previous stage unknown, segment team, tier unknown\n"
    ) in done.stdout
    assert "Traceback" not in done.stdout
    assert "journeylab/testing" not in done.stdout


def test_a_bad_file_is_a_collection_error_with_every_mistake(folder):
    (folder / "journey.toml").write_text(AGREED.replace('destination = "at_risk"', 'destination = "at_rsk"'))
    done = run(folder, "--journey", "journey.toml", "-q")
    assert done.returncode == 2
    assert "did you mean 'at_risk'" in done.stdout
    assert "\njourney.toml" in done.stdout
    assert str(folder) not in done.stdout.replace(f"rootdir: {folder}", "")
    assert "Traceback" not in done.stdout
    assert ".py" not in done.stdout.split("short test summary")[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--journey", "."], "--journey .: is a folder; name a journey file in it, or a scenario file"),
        (["--journey", "none.toml"], "--journey none.toml: no such file; name a journey file, or a scenario file"),
        (
            ["--journey", "journey.toml", "--journey-expected", "a.csv", "--journey-expected", "b.csv"],
            "--journey-expected: 2 given for 1 --journey; give one for each, in order",
        ),
    ],
)
def test_wrong_options_are_usage_errors(folder, arguments, message):
    done = run(folder, *arguments)
    assert done.returncode == 4
    assert message in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "kind"), [("none.csv", "table of examples (CSV)"), ("none.toml", "journey file, or a scenario file")]
)
def test_an_expected_file_that_is_missing_is_a_collection_error(folder, name, kind):
    done = run(folder, "--journey", "journey.toml", "--journey-expected", name, "-q")
    assert done.returncode == 2
    assert f"{name}: no such file; name a {kind}" in done.stdout


@pytest.mark.slow
def test_cases_are_selected_by_name_and_by_node_id(folder):
    done = run(folder, "--journey", "journey.toml", "-q", "-k", "guard and convert")
    assert "8 passed" in done.stdout
    done = run(folder, "--journey", "journey.toml", "-q", "journey.toml::legal[active -slip-> at_risk]")
    assert "1 passed" in done.stdout


@pytest.mark.slow
def test_a_file_in_a_collected_folder_is_collected_once(folder):
    once = run(folder, "--journey", "journey.toml", "-q", "--collect-only")
    twice = run(folder, "--journey", "journey.toml", "--journey", "./journey.toml", ".", "-q", "--collect-only")
    listed = [line for line in twice.stdout.splitlines() if "::" in line]
    assert listed == [line for line in once.stdout.splitlines() if "::" in line]
    assert len(listed) == len(set(listed))


@pytest.mark.slow
def test_tests_of_ones_own_run_beside_the_file_with_and_without_a_folder(folder):
    (folder / "test_own.py").write_text(OWN_TESTS)
    for arguments in ((), (".",), ("test_own.py",)):
        done = run(folder, "--journey", "journey.toml", "-q", "--collect-only", *arguments)
        assert done.stdout.count("test_own.py::") == 2
        assert "journey.toml::legal[active -slip-> at_risk]" in done.stdout


@pytest.mark.slow
def test_scenarios_and_conftest_guards_are_accepted(folder):
    (folder / "conftest.py").write_text(
        "from journey.machine import GuardKind, parse_days, register_guard\n"
        "register_guard(GuardKind('max_days', lambda facts, days: facts.days_in_stage <= days, parse_days, "
        "'at most {value} days'))\n"
    )
    (folder / "journey.toml").write_text(AGREED.replace('guard = { came_from = "active" }', "guard = { max_days = 3 }"))
    (folder / "scenario.toml").write_text('extends = "trial_to_paid"\n')
    done = run(folder, "--journey", "journey.toml", "--journey", "scenario.toml", "-q")
    assert done.returncode == 0, done.stdout
    assert "guard[support -resolve-> active: own conditions]" not in done.stdout
    assert "= journey scenario.toml =" in done.stdout


def test_pytest_without_the_option_imports_nothing_of_ours(folder):
    (folder / "test_modules.py").write_text(
        "import sys\n\n\ndef test_modules():\n"
        "    ours = {'journey', 'journeylab', 'scenarios', 'simulation', 'numpy', 'transitions', 'pydantic'}\n"
        "    assert not ours & set(sys.modules)\n    assert 'pytest_journeylab' in sys.modules\n"
    )
    done = run(folder, "-q", "-p", "no:benchmark", "-p", "no:hypothesispytest", "test_modules.py")
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_a_project_with_a_package_of_our_name_can_still_run_pytest(tmp_path):
    (tmp_path / "journey").mkdir()
    (tmp_path / "journey" / "__init__.py").write_text("OWN = True\n")
    (tmp_path / "test_own.py").write_text("import journey\n\n\ndef test_own():\n    assert journey.OWN\n")
    done = run(tmp_path, "-q")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_coverage_is_complete_with_several_processes(folder):
    (folder / "test_own.py").write_text(OWN_TESTS)
    done = run(folder, "--journey", "journey.toml", "-q", "-n", "2")
    assert "moves made by passing tests: 12 of 12 (100%)" in done.stdout
    assert "moves made by your own tests: 2 of 12 (17%)" in done.stdout


def test_a_rule_that_needs_data_is_skipped_and_named(folder):
    rule = '[[rules]]\nname = "few calls"\ntemplate = "absence"\na = "action:call"\n'
    (folder / "journey.toml").write_text(f"{AGREED}\n{rule}")
    done = run(folder, "--journey", "journey.toml", "-q", "-rs", "-k", "rule")
    assert done.returncode == 0, done.stdout
    assert "rule 'few calls': 'action:call' never happens: needs data" in done.stdout
