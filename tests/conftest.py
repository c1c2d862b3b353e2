"""What every test shares: Hypothesis profiles, the order of tests, and code that is compiled once for all.

Three levels: `make quick` leaves out the tests marked `slow`, `medium` or `compiled`, `make test` those marked `slow`,
`make test-all` none.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from tests.levels import LEVEL

ROOT = Path(__file__).parent.parent

# Time limits per example say nothing on a machine that others use too, and the first example loads libraries.
# Derandomised: the examples are the same on every run, so that no test is flaky.
for _name, _examples in {"quick": 10, "test": 15, "all": 60}.items():
    settings.register_profile(_name, settings.default, deadline=None, max_examples=_examples, derandomize=True)
settings.load_profile(LEVEL)

_compiling: list[subprocess.Popen[bytes]] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run tests of compiled code last: by then another process has compiled it."""
    items.sort(key=lambda item: item.get_closest_marker("compiled") is not None)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start compiling where several processes run the tests and some of them need compiled code."""
    options = session.config.option
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    if getattr(options, "numprocesses", None) and not is_worker and "not compiled" not in options.markexpr:
        _compiling.append(subprocess.Popen([sys.executable, "-m", "tests.compile_once"], cwd=ROOT))


def pytest_sessionfinish() -> None:
    """End what still compiles when the tests are over, for instance after Ctrl-C."""
    for process in _compiling:
        process.terminate()
        process.wait()
