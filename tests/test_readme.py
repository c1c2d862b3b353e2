"""The README's worked question, reproduced exactly."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from journey.runtime.code_cache import CACHE_VARIABLE

README = Path(__file__).parent.parent / "README.md"
EXAMPLES = re.findall(r"```console\n\$ journey ([^\n]*)\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.slow
@pytest.mark.parametrize(("command", "shown"), EXAMPLES, ids=[command for command, _ in EXAMPLES])
def test_the_output_shown_is_the_output_there_is(command, shown, tmp_path):
    clean = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "FORCE_COLOR"}}
    # As on a machine where nothing was compiled yet.
    clean[CACHE_VARIABLE] = str(tmp_path)
    code = "from scenarios.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *command.split()], capture_output=True, text=True, check=True, env=clean
    )
    assert [line.rstrip() for line in done.stdout.strip().splitlines()] == shown.strip().splitlines()


def test_there_is_a_worked_question():
    assert EXAMPLES
