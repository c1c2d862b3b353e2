"""The hooks of the pytest plugin; `pytest_journeylab` registers them if `--journey` is given."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from journey.core.errors import JourneyError
from journeylab.testing.cases.files import read_tested_file
from journeylab.testing.plugin.coverage import Edge, format_coverage
from journeylab.testing.plugin.items import JourneyFile, JourneyItem
from journeylab.testing.plugin.move_recorder import MadeMove, recording

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_CASE, _MADE_MOVES = "journeylab_case", "journeylab_moves"
"""Properties of a test report: the file and the move of a case; the moves that another test made. Reports travel
between the processes of pytest-xdist."""


def _find_file(config: pytest.Config, name: str) -> Path:
    """The file of an option: from the folder in which pytest was started, otherwise from its root folder.

    Options in `addopts` are the same in every folder, so a path in them is from the root folder.
    """
    path = config.invocation_params.dir / name
    return (path if path.exists() else config.rootpath / name).resolve()


class JourneyPlugin:
    """Collects the cases of journey files, and summarises the coverage of their moves.

    Args:
        config: The configuration of pytest.
        files: Values of `--journey`.
        expected: Values of `--journey-expected`.

    Raises:
        UsageError: The numbers of the two do not fit.
    """

    def __init__(self, config: pytest.Config, files: Sequence[str], expected: Sequence[str]) -> None:
        if expected and len(expected) != len(files):
            raise pytest.UsageError(
                f"--journey-expected: {len(expected)} given for {len(files)} --journey; give one for each, in order"
            )
        folder = config.invocation_params.dir
        paths = [_find_file(config, name) for name in files]
        self._names = dict(zip(paths, files, strict=True))
        self._expected = dict(zip(paths, (_find_file(config, name) for name in expected), strict=False))
        for path, name in self._names.items():
            if path.is_dir():
                raise pytest.UsageError(f"--journey {name}: is a folder; name a journey file in it, or a scenario file")
            if not path.is_file():
                raise pytest.UsageError(f"--journey {name}: no such file; name a journey file, or a scenario file")
        self._made_by_cases: dict[str, set[Edge]] = {}
        self._made_by_own_tests: set[MadeMove] = set()
        self._has_own_tests = False
        # Not `config.args`, to which the default folders belong: older versions of pytest lose tests of a folder if a
        # file in it is an argument, too.
        self._named = {(folder / argument.split("::")[0]).resolve() for argument in config.args}

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> JourneyFile | None:
        """Collect a file of `--journey` that is an argument itself, for instance with the node ID of one case."""
        path = file_path.resolve()
        return self._build_file(path, parent) if path in self._names and path in self._named else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Collect the other files of `--journey`, before cases are selected by name."""
        for path in self._names:
            if path not in self._named:
                items.extend(session.genitems(self._build_file(path, session)))
        items[:] = list({item.nodeid: item for item in items}.values())

    def _build_file(self, path: Path, parent: pytest.Collector) -> JourneyFile:
        file = JourneyFile.from_parent(parent, path=path)
        file.given = self._names[path]
        file.expected = self._expected.get(path)
        return file

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """Record the moves that a test makes."""
        if isinstance(item, JourneyItem):
            item.user_properties.append((_CASE, json.dumps([str(item.path.resolve()), item.case.move])))
            return (yield)
        made: set[MadeMove] = set()
        try:
            with recording(made):
                return (yield)
        finally:
            item.user_properties.append((_MADE_MOVES, json.dumps(sorted(made))))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add the moves of a passing test."""
        if report.when != "call":
            return
        properties = {
            name: json.loads(str(value)) for name, value in report.user_properties if name in (_CASE, _MADE_MOVES)
        }
        if _CASE in properties:
            path, edge = properties[_CASE]
            if report.passed and edge is not None:
                self._made_by_cases.setdefault(path, set()).add((edge[0], edge[1]))
        else:
            self._has_own_tests = True
            if report.passed:
                self._made_by_own_tests |= {(each[0], each[1], each[2]) for each in properties.get(_MADE_MOVES, ())}

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        """Print the coverage of each journey."""
        if config.getoption("collectonly"):
            return
        for path, name in self._names.items():
            try:
                journey = read_tested_file(path, name).journey
            except JourneyError:
                continue
            own = {edge[1:] for edge in self._made_by_own_tests if edge[0] == journey.fingerprint}
            terminalreporter.section(f"journey {name}")
            for line in format_coverage(
                journey, self._made_by_cases.get(str(path), set()), own if self._has_own_tests else None
            ):
                terminalreporter.line(line)
