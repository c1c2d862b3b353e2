"""A minute of hostile inputs of every kind. The cases are fixed by the seed; `make fuzz` tries an hour of them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.kinds import KINDS

ROOT = Path(__file__).parents[2]

CASES = {
    "signals": 2,
    "streams": 2,
    "logs": 4,
    "record formats": 4,
    "campaign formats": 4,
    "records": 5,
    "campaigns": 5,
}
"""Cases of the slow kinds; 12 of every other."""


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_hostile_input_gives_a_message_and_never_a_traceback_a_hang_or_a_loss(kind):
    # In a process of its own: alarms, memory and open files of the other tests stay untouched.
    command = [sys.executable, "-m", "tests.fuzz", "--kind", kind, "--cases", str(CASES.get(kind, 12))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
