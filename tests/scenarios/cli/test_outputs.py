"""Files that a command is asked to write: none replaces another file of the command, and all of them are written."""

import os
import subprocess
from contextlib import contextmanager
from importlib import import_module
from inspect import signature
from itertools import combinations, product
from pathlib import Path
from typing import Annotated, get_args, get_origin

import pytest

from scenarios.cli.commands import COMMANDS
from tests.scenarios.cli.invocation import RUN, invoke

OUTPUTS = {
    "--decisions": ".csv",
    "--findings": ".csv",
    "--out": ".mmd",
    "--quarantine": "",
    "--records": "",
    "--report": ".md",
    "--resume": ".jsonl",
    "--save": ".json",
    "--trace": ".csv",
}
"""Options that name an output, with an extension that they accept; none for a folder."""

INPUTS = {"--against": ".json", "--policy": ".toml"}
"""Options that name a file to read."""

FOLDERS = {"--quarantine", "--records"}

ARGUMENTS = {"compare": ["seed_ten"], "simulate": ["seed_ten"]}
"""Arguments that a command needs."""


def path_options(command):
    """The options of a command whose value is a path."""
    hints = [each.annotation for each in signature(import_module(COMMANDS[command]).command).parameters.values()]
    options = [get_args(hint) for hint in hints if get_origin(hint) is Annotated]
    named = {info.default for kind, info in options if Path in get_args(kind)}
    return {name for name in named if isinstance(name, str)}


def test_every_option_with_a_path_is_an_input_or_an_output():
    known = {*OUTPUTS, *INPUTS}
    assert {command: path_options(command) - known for command in COMMANDS} == {command: set() for command in COMMANDS}


def pairs(kinds):
    return [
        (command, *sorted(pair))
        for command in COMMANDS
        for pair in kinds(path_options(command))
        if not FOLDERS.intersection(pair)
    ]


@pytest.mark.parametrize(
    ("command", "first", "second"),
    [
        *pairs(lambda options: combinations(sorted(options & set(OUTPUTS)), 2)),
        *pairs(lambda options: product(sorted(options & set(INPUTS)), sorted(options & set(OUTPUTS)))),
    ],
)
def test_two_options_of_a_command_may_not_name_one_file(command, first, second, tmp_path):
    """Through links, because the options want different extensions."""
    target = tmp_path / "file"
    target.write_text("")
    arguments = []
    for option in (first, second):
        link = tmp_path / f"link{option}{(OUTPUTS | INPUTS)[option]}"
        link.symlink_to(target)
        arguments += [option, link]
    done = invoke(command, *ARGUMENTS.get(command, []), *arguments)
    assert done.exit_code == 2, done.stdout
    assert "name two files" in done.stderr or "name another file" in done.stderr
    assert target.read_text() == ""


@pytest.mark.parametrize("command", ["check", "evaluate", "campaigns", "benchmark"])
def test_no_table_or_folder_is_written_over_the_records(command, tmp_path):
    (tmp_path / "customers.csv").write_text("customer_id\nA\n")
    (tmp_path / "campaigns.csv").write_text("campaign_id\nA\n")
    (tmp_path / "report.md").symlink_to(tmp_path / "customers.csv")
    outputs = {"--decisions": "customers.csv", "--report": "report.md", "--quarantine": ".", "--save": "report.md"}
    options = path_options(command) & set(outputs)
    assert options
    for option in options:
        done = invoke(command, tmp_path, option, tmp_path / outputs[option])
        assert done.exit_code == 2
        assert f"{option} {tmp_path / outputs[option]}: is " in done.stderr
    assert (tmp_path / "customers.csv").read_text() == "customer_id\nA\n"
    assert len(list(tmp_path.iterdir())) == 3


def test_a_scenario_is_not_replaced_by_an_output_of_it(tmp_path):
    scenario = tmp_path / "scenario.md"
    scenario.write_text('extends = "seed_ten"\n')
    for arguments in (
        ["compare", scenario, "--report"],
        ["simulate", scenario, "--trace"],
        ["draw", scenario, "--out"],
    ):
        path = scenario
        if arguments[2] == "--trace":
            path = tmp_path / "trace.csv"
            path.symlink_to(scenario)
        done = invoke(*arguments, path)
        assert done.exit_code == 2
        assert f"this command reads {scenario}" in done.stderr
    assert scenario.read_text() == 'extends = "seed_ten"\n'


_COMMANDS_WITH_OUTPUTS = (
    (["evaluate"], {"--report": "r.md", "--decisions": "d.csv"}),
    (["campaigns"], {"--report": "r.html"}),
    (["compare", "seed_ten", "--replications", "2", "--workers", "1"], {"--report": "r.md", "--resume": "s.jsonl"}),
    (["simulate", "seed_ten", "--days", "5"], {"--trace": "t.csv", "--records": "records"}),
    (["check", "imperfect"], {"--quarantine": "aside"}),
)
_READERS = ("gone", "full", "gone with messages")
_QUICK_PAIRS = {("evaluate", "gone"), ("simulate", "full"), ("check", "gone with messages")}


@pytest.mark.parametrize(
    ("arguments", "outputs", "reader"),
    [
        pytest.param(*command, reader, marks=() if (command[0][0], reader) in _QUICK_PAIRS else pytest.mark.slow)
        for command, reader in product(_COMMANDS_WITH_OUTPUTS, _READERS)
    ],
)
def test_all_outputs_are_written_when_stdout_fails(arguments, outputs, reader, tmp_path):
    """Its reader may close the pipe before the first line, or the disk may be full."""
    if arguments[-1] == "imperfect":
        (tmp_path / "customers.csv").write_text("customer_id,account_value\n,5\nB,1\n")
        arguments = [arguments[0], tmp_path]
    out = tmp_path / "out"
    out.mkdir()
    options = [word for option, name in outputs.items() for word in (option, out / name)]
    with _stdout(reader) as stdout:
        done = subprocess.run(
            [*RUN, *map(str, [*arguments, *options])],
            stdout=stdout,
            stderr=subprocess.STDOUT if reader == "gone with messages" else subprocess.PIPE,
            cwd=tmp_path,
            check=False,
        )
    assert done.returncode == (2 if reader == "full" else 0), done.stderr
    assert b"Traceback" not in (done.stderr or b"")
    assert {file.name for file in out.iterdir()} == set(outputs.values())
    assert all(file.is_dir() or file.stat().st_size > 0 for file in out.iterdir())


@contextmanager
def _stdout(reader):
    """A full device, or a pipe whose reader has gone."""
    if reader == "full":
        with Path("/dev/full").open("w") as device:
            yield device
        return
    reading, writing = os.pipe()
    os.close(reading)
    try:
        yield writing
    finally:
        os.close(writing)


@pytest.mark.parametrize("command", [["check", "--journey"], ["evaluate", "--journey"], ["draw"], ["validate"]])
def test_a_scenario_from_a_pipe_is_read_once(command):
    """As with `<(command)` in a shell: a second reading would find an empty pipe."""
    reading, writing = os.pipe()
    os.write(writing, b'extends = "seed_ten"\n')
    os.close(writing)
    done = invoke(*command, f"/dev/fd/{reading}")
    os.close(reading)
    assert done.exit_code == 0, done.stderr
