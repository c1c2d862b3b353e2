"""A signal that ends the process leaves no temporary files, no lock and no worker behind."""

import signal
import subprocess
import sys

import psutil
import pytest

from scenarios.execution.termination import SIGNALS
from tests.scenarios.cli.invocation import RUN
from tests.scenarios.cli.started_commands import started

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")

WORK = ["simulate", "default", "--customers", "30000", "--days", "90", "--engine", "reference"]
IN_PODS = ["--set", "reviewers.pods=3", "--workers", "2"]


@pytest.mark.slow
@pytest.mark.parametrize("workers", [[], IN_PODS])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_run_that_is_terminated_leaves_nothing_behind(tmp_path, number, workers):
    def has_begun(_):
        return bool(list(tmp_path.glob(".journey-*")))

    with started(has_begun, *WORK, *workers, "--trace", tmp_path / "trace.csv") as running:
        family = psutil.Process(running.pid).children(recursive=True)
        running.send_signal(number)
        _, errors = running.communicate(timeout=120)
    assert running.returncode == 128 + number, errors[-1500:]
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []
    assert psutil.wait_procs(family, timeout=60)[1] == []


@pytest.mark.medium
@pytest.mark.parametrize("number", SIGNALS)
def test_every_signal_that_can_be_caught_unwinds_the_stack(number, tmp_path):
    code = (
        "import signal, sys\nfrom pathlib import Path\n"
        "from journey.runtime.atomic_files import atomic_file\n"
        "from scenarios.execution.termination import unwind_on_termination\n"
        "unwind_on_termination()\n"
        "with atomic_file(Path(sys.argv[1])) as part:\n"
        "    part.write_text('half')\n"
        f"    signal.raise_signal({int(number)})\n"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "file"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (128 + number, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.medium
def test_a_signal_that_the_caller_ignores_stays_ignored():
    """As with nohup."""
    command = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", sys.executable, "-c"]
    code = (
        "import signal\nfrom scenarios.execution.termination import unwind_on_termination\n"
        "unwind_on_termination()\nsignal.raise_signal(signal.SIGHUP)\nprint('done')\n"
    )
    done = subprocess.run([*command, code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "done\n")


@pytest.mark.medium
def test_the_command_is_terminated_while_the_database_works():
    """DuckDB raises an error of its own then; the exit code is that of the signal."""
    code = (
        "import signal, sys\nimport journey.records.folder as folder\n"
        "def interrupted(*_, **__):\n"
        "    try:\n        signal.raise_signal(signal.SIGTERM)\n"
        "    except SystemExit:\n        raise RuntimeError('Query interrupted') from None\n"
        "folder.read_folder = interrupted\n"
    )
    done = subprocess.run([sys.executable, "-c", code + RUN[2], "check"], capture_output=True, text=True, check=False)
    assert done.returncode == 128 + signal.SIGTERM
    assert "Traceback" not in done.stderr
