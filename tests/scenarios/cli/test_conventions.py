"""What holds for every command: streams, exit codes, colours, widths, errors."""

import json
import re
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest
from typer.main import get_command

from journey.core.errors import InputError
from journey.runtime.atomic_files import write_text
from scenarios.cli import console, error_handling
from scenarios.cli.application import app
from scenarios.cli.commands import COMMANDS
from scenarios.text.escaping import escape_terminal
from tests.scenarios.cli.invocation import RUN, invoke, process


def test_help_lists_every_command_and_is_quick_because_nothing_heavy_is_loaded():
    code = (
        "import sys\nsys.argv = ['journey', '--help']\nfrom scenarios.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'scipy', 'numba', 'duckdb', 'simpy', 'pydantic', 'transitions', 'rich.markdown'}\n"
        "print('loaded', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "loaded []" in done.stdout
    for name in COMMANDS:
        assert name in done.stdout


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_explains_itself(name):
    result = invoke(name, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.stdout


def single_value_options():
    """Every option that takes one value, by command."""
    group = get_command(app)
    for name in COMMANDS:
        for parameter in group.get_command(None, name).params:
            if parameter.param_type_name == "option" and not (parameter.multiple or parameter.is_flag):
                yield name, parameter.opts[-1]


@pytest.mark.parametrize(("name", "option"), list(single_value_options()))
def test_an_option_that_takes_one_value_is_refused_where_it_is_given_twice(name, option):
    result = invoke(name, option, "1", option, "2")
    assert result.exit_code == 2
    assert option in result.stderr
    assert "is given 2 times; give it once" in result.stderr


def test_a_value_that_is_none_of_the_choices_is_refused_with_the_choices():
    result = invoke("compare", "default", "--mode", "neither")
    assert result.exit_code == 2
    # Early versions of typer name an environment variable between the option and the message.
    assert re.search(r"'--mode'.*: 'neither' is not one of 'counterfactual', 'randomised'", result.stderr)
    assert "Value error" not in result.stderr


def test_an_option_that_takes_several_values_may_be_repeated():
    assert invoke("validate", "default", "--set", "seed=1", "--set", "population.size=3").exit_code == 0


def test_an_argument_in_utf_8_is_read_in_a_locale_without_it(tmp_path):
    (tmp_path / "Zoë").mkdir()
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = process("check", tmp_path / "Zoë", **plain)
    assert "no records found" in done.stderr
    assert "UTF-8" not in done.stderr


def test_the_help_of_every_command_fits_a_line_of_80_columns():
    assert "..." not in invoke("--help", COLUMNS="80").stdout.split("Commands:")[1]


def test_a_warning_is_one_line_without_its_position():
    code = (
        "import sys, warnings\nsys.argv = ['journey', '--version']\nfrom scenarios.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\nwarnings.warn('too open', RuntimeWarning)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "journey: warning: too open\n"


def test_the_rule_of_a_verification_states_the_acceptable_z():
    from scenarios.cli.verify import _describe_rule
    from simulation.verification import Check

    checks = [Check("a", 0.0, 0.0, 1.0, 0.0, 1.0, ok=True)] * 20
    assert _describe_rule(checks, 0.001).endswith("at least 5.0e-05: about |z| of at most 4.1.")


def test_a_misspelt_command_is_answered_with_the_one_that_was_meant():
    result = invoke("evalute")
    assert result.exit_code == 2
    assert "did you mean 'evaluate'" in result.stderr
    assert result.stdout == ""


@pytest.mark.medium
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "no such folder"),
        ("check", "--as-of", "yesterday"),
        ("evaluate", "--policy", "no such policy.toml"),
        ("evaluate", "--customer", "nobody"),
        ("evaluate", "--report", "report.docx"),
        ("evaluate", "--no-such-option"),
        ("draw", "no such scenario"),
        ("draw", "--format", "gif"),
    ],
)
def test_wrong_input_is_reported_on_stderr_with_exit_code_2_and_without_a_traceback(arguments):
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.strip()
    assert "Traceback" not in result.stderr


def test_a_misspelt_policy_key_is_reported_with_file_and_suggestion(tmp_path):
    policy = tmp_path / "policy.toml"
    policy.write_text("[thresholds]\nact_severty = 0.3\n", encoding="utf-8")
    result = invoke("evaluate", "--policy", policy)
    assert result.exit_code == 2
    for part in (str(policy), "act_severty", "act_severity"):
        assert part in result.stderr


@pytest.mark.medium
def test_piped_output_has_no_colour_and_a_forced_terminal_obeys_no_color():
    assert "\x1b[" not in invoke("check").stdout
    # Colours are codes 30 to 37; bold and dim are no colours and may stay.
    assert not re.search(r"\x1b\[3\d", process("check", NO_COLOR="1", FORCE_COLOR="1").stdout)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["check", "evaluate"])
@pytest.mark.parametrize("width", [60, 120])
def test_tables_fit_the_terminal(command, width):
    shown = invoke(command, COLUMNS=str(width)).stdout
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= width


@pytest.mark.slow
def test_a_closed_pipe_is_not_an_error():
    command = " ".join(f"'{part}'" for part in RUN) + " evaluate --json | head -1"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "{"
    assert done.stderr == ""


class TestGuard:
    def raised(self, error):
        def command():
            raise error

        with pytest.raises(error_handling.typer.Exit) as stopped:
            error_handling.handle_errors(command)()
        return stopped.value.exit_code

    def test_an_interruption_is_130(self, capsys):
        assert self.raised(KeyboardInterrupt()) == 130
        assert capsys.readouterr().err == "interrupted\n"

    def test_files_that_refuse_are_named(self, capsys):
        assert self.raised(PermissionError(13, "Permission denied", "/some/file")) == 2
        assert capsys.readouterr().err == "journey: /some/file: Permission denied\n"
        assert self.raised(OSError(28, "No space left on device")) == 2
        assert "No space left" in capsys.readouterr().err

    def test_wrong_input_is_2(self, capsys):
        assert self.raised(InputError("it is wrong; mend it so")) == 2
        assert capsys.readouterr().err == "journey: it is wrong; mend it so\n"


class TestOutput:
    def test_json_knows_dates_and_null(self):
        value = {
            "day": datetime(2031, 1, 2),
            "moment": datetime(2031, 1, 2, 3),
            "date": date(2031, 1, 2),
            "unknown": float("nan"),
            "endless": np.float64("inf"),
            "count": np.int64(3),
            "flag": np.True_,
            "rows": (row for row in [1, None]),
        }
        assert console.to_json_value(value) == {
            "day": "2031-01-02",
            "moment": "2031-01-02T03:00:00",
            "date": "2031-01-02",
            "unknown": None,
            "endless": None,
            "count": 3,
            "flag": True,
            "rows": [1, None],
        }

    @pytest.mark.parametrize("count", [0, 1, 1_000, 1_001])
    def test_long_lists_are_the_same_json_printed_an_item_a_line(self, count, capsys):
        items = [{"n": n, "day": datetime(2031, 1, 2), "unknown": float("nan"), "text": "é[\n"} for n in range(count)]
        console.print_json({"title": "x", "items": items, "tuple": (1, None)})
        shown = capsys.readouterr().out
        assert json.loads(shown) == console.to_json_value({"title": "x", "items": items, "tuple": (1, None)})
        assert shown.endswith("}\n")

    def test_a_report_is_written_whole_or_not_at_all(self, tmp_path):
        path = tmp_path / "new" / "folder" / "report.md"
        write_text(path, "first\n")
        write_text(path, "second\n")
        assert path.read_text(encoding="utf-8") == "second\n"
        assert [file.name for file in path.parent.iterdir()] == ["report.md"]
        with pytest.raises(UnicodeEncodeError):
            write_text(path, "\udcff")
        assert path.read_text(encoding="utf-8") == "second\n"
        assert [file.name for file in path.parent.iterdir()] == ["report.md"]

    def test_a_report_that_cannot_be_written_there_says_so(self, tmp_path):
        with pytest.raises(InputError, match="folder"):
            write_text(tmp_path, "text")
        (tmp_path / "file").write_text("", encoding="utf-8")
        with pytest.raises(InputError, match="cannot be written"):
            write_text(tmp_path / "file" / "report.md", "text")


class TestHelp:
    @pytest.mark.parametrize("name", sorted(COMMANDS))
    def test_no_type_of_python_is_shown(self, name):
        text = invoke(name, "--help").stdout
        assert not re.search(r"<\w+|\bINTEGER\b|\bFLOAT\b|\[x|range\]|left out", text)
        assert max(len(line) for line in text.splitlines()) <= 80

    @pytest.mark.medium
    @pytest.mark.parametrize(("width", "widest"), [(60, 60), (200, 100)])
    def test_help_fits_the_terminal(self, width, widest):
        lines = process("compare", "--help", COLUMNS=str(width)).stdout.splitlines()
        assert widest - 15 < max(map(len, lines)) <= widest

    @pytest.mark.parametrize("name", sorted(COMMANDS))
    def test_every_argument_and_every_option_with_a_value_names_the_value(self, name):
        command = get_command(app).get_command(None, name)
        for parameter in command.params:
            assert parameter.help.endswith("."), parameter.name
            assert parameter.metavar or parameter.is_flag, parameter.name

    def test_defaults_are_stated_once(self):
        text = " ".join(invoke("check", "--help").stdout.split())
        assert "Print at most N findings of each code; --json lists all. Default: 3." in text
        assert "Ignore records dated later. Default: the latest date in the records. --policy" in text
        assert "check [OPTIONS] [FOLDER]" in text


_COLUMNS = ("0", "-5", "1", "abc", "", "007", "\u0665")


# Every value with one cheap command, and every command with one value; `make test-all` runs all pairs.
@pytest.mark.parametrize(
    ("command", "columns"),
    [
        pytest.param(command, columns, marks=() if command == "scenarios" or columns == "1" else pytest.mark.slow)
        for command in ("check", "evaluate", "campaigns", "scenarios", "validate", "--help")
        for columns in _COLUMNS
    ],
)
def test_every_value_of_columns_leaves_a_readable_page(command, columns):
    arguments = [command, "seed_ten"] if command == "validate" else [command]
    done = invoke(*arguments, COLUMNS=columns)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) >= console.MIN_WIDTH - 5


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_a_full_disk_is_a_message_outside_of_commands_too(option):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*RUN, option], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "journey: stdout cannot be written: No space left on device\n"


CONTROLS = "\x1b[31mX\x1b]0;t\x07\x9b2J\u202e"


@pytest.mark.parametrize(
    "arguments",
    [
        [CONTROLS],
        ["check", "--" + CONTROLS],
        ["check", "a", CONTROLS],
        ["check", CONTROLS],
        ["check", "--limit", CONTROLS],
        ["check", "--as-of", CONTROLS],
        ["evaluate", "--customer", CONTROLS],
        ["evaluate", "--report", CONTROLS],
        ["validate", CONTROLS],
        ["validate", "default", "--set", CONTROLS],
        ["validate", "default", "--set", f"{CONTROLS}=1"],
        ["simulate", "default", "--arm", CONTROLS],
        ["simulate", "default", "--engine", CONTROLS],
        ["budget", CONTROLS, "a", "b"],
        ["budget", "propose", CONTROLS, "b"],
    ],
)
def test_no_control_character_of_an_argument_reaches_the_terminal(arguments):
    done = invoke(*arguments)
    assert done.exit_code == 2
    assert escape_terminal(done.stderr + done.stdout) == done.stderr + done.stdout


@pytest.fixture
def with_controls(tmp_path):
    """Commands that print records, a scenario and a policy with control characters."""
    (tmp_path / "customers.json").write_text(json.dumps([{"customer_id": f"C{CONTROLS}", "segment": CONTROLS}]))
    (tmp_path / "journey_state_log.json").write_text(
        json.dumps([{"customer_id": f"C{CONTROLS}", "journey_stage": CONTROLS, "state_entered_at": "2025-01-06"}])
    )
    (tmp_path / "campaigns.json").write_text(
        json.dumps([{"campaign_id": f"C{CONTROLS}", "status": CONTROLS, "start_date": "2025-01-06"}])
    )
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(
        f'extends = "seed_ten"\ntitle = {json.dumps(CONTROLS)}\nquestion = {json.dumps(CONTROLS)}\n'
        f"[arms.treated]\nlabel = {json.dumps(CONTROLS)}\n"
    )
    policy = tmp_path / "policy.toml"
    policy.write_text(f"[funnel]\nnames = {json.dumps([CONTROLS])}\n")
    compare = ["compare", scenario, "--replications", "2", "--set", "horizon_days=5", "--workers", "1"]
    return (
        ["check", tmp_path],
        ["evaluate", tmp_path],
        ["campaigns", tmp_path, "--as-of", "2025-02-01"],
        compare,
        ["campaigns", tmp_path, "--as-of", "2025-02-01", "--policy", policy],
        ["validate", scenario],
        ["simulate", scenario, "--days", "5"],
        ["explain", scenario, "--customer", "0", "--days", "5"],
    )


@pytest.mark.medium
def test_no_control_character_of_a_file_reaches_the_terminal(with_controls):
    for arguments in with_controls:
        printed = invoke(*arguments)
        text = printed.stdout + printed.stderr
        assert escape_terminal(text) == text, arguments
        assert "Traceback" not in text


@pytest.mark.slow
def test_no_control_character_of_a_file_reaches_json_or_a_report(with_controls, tmp_path):
    for arguments in with_controls:
        printed = invoke(*arguments, "--json")
        text = printed.stdout + printed.stderr
        assert escape_terminal(text) == text, arguments
        assert "Traceback" not in text
    for report in ("r.md", "r.html"):
        for arguments in with_controls[1:4]:
            done = invoke(*arguments, "--report", tmp_path / "out" / report)
            assert done.exit_code == 0, done.stderr
            written = (tmp_path / "out" / report).read_text(encoding="utf-8")
            assert escape_terminal(written) == written
