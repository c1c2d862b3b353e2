"""Paths that a command writes to, checked before any work.

An output never replaces an input of the same command, never becomes part of its records, and never replaces another
output. Paths are compared as files: a link and its target are one file.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from journey.core.errors import InputError
from journey.runtime.atomic_files import refuse_unwritable, refuse_unwritable_folder

if TYPE_CHECKING:
    from scenarios.files.loader import LoadedScenario


@dataclass(frozen=True, slots=True)
class Output:
    """A path that a command writes to.

    Attributes:
        option: The option that names it, for messages.
        path: The path; None if the option is not set.
        is_folder: Whether it is a folder.
    """

    option: str
    path: Path | None
    is_folder: bool = False


@dataclass(frozen=True, slots=True)
class Inputs:
    """Paths that a command reads.

    Attributes:
        files: Files; None for an option that is not set.
        folders: Folders of records; None for an option that is not set.
    """

    files: Sequence[Path | None] = ()
    folders: Sequence[Path | None] = ()

    @classmethod
    def of_scenario(cls, loaded: "LoadedScenario") -> "Inputs":
        """The files that a scenario was merged from, and its folder of records."""
        from simulation.model.population_spec import BUNDLED

        records = loaded.scenario.population.records
        folder = None if records is None or records == BUNDLED else Path(records)
        return cls(files=[layer.path for layer in loaded.layers], folders=[folder])

    def __add__(self, other: "Inputs") -> "Inputs":
        return Inputs((*self.files, *other.files), (*self.folders, *other.folders))


def refuse_outputs(outputs: Iterable[Output], inputs: Inputs) -> None:
    """Refuse outputs that cannot be written, or that would replace or spoil an input or another output.

    Args:
        outputs: What the command writes.
        inputs: What it reads.

    Raises:
        InputError: The message names the option and the reason.
    """
    targets = [_Target(each.option, each.path, each.is_folder) for each in outputs if each.path is not None]
    for target in targets:
        _refuse_input(target, inputs)
    for first, second in combinations(targets, 2):
        _refuse_same_target(first, second)
    for target in targets:
        (refuse_unwritable_folder if target.is_folder else refuse_unwritable)(target.path)


class _Target(NamedTuple):
    """An output whose option is set."""

    option: str
    path: Path
    is_folder: bool

    def __str__(self) -> str:
        return f"{self.option} {self.path}"


def _refuse_input(target: _Target, inputs: Inputs) -> None:
    for file in inputs.files:
        if file is not None and _is_same(target.path, file):
            raise InputError(f"{target}: this command reads {file}; name another file")
    for folder in inputs.folders:
        if folder is not None:
            _refuse_records(target, folder)


def _refuse_records(target: _Target, folder: Path) -> None:
    """Refuse the folder of records, one of its files, and a path that would be read as one."""
    from journey.records.sources import FORMATS, split_name

    what = "folder" if target.is_folder else "file"
    if _is_same(target.path, folder):
        raise InputError(f"{target}: is the folder of the records; name another {what}")
    if any(_is_same(target.path, file) for file in _list_folder(folder)):
        raise InputError(f"{target}: is one of the files of the records; name another {what}")
    for path in (target.path, _resolve(target.path)):
        if _is_same(path.parent, folder) and split_name(path)[1] in FORMATS:
            raise InputError(
                f"{target}: is in the folder of the records, where it would be read as one of their files; name a "
                f"{what} outside"
            )


def _refuse_same_target(first: _Target, second: _Target) -> None:
    if _is_same(first.path, second.path):
        raise InputError(f"{first.option} and {second.option}: both write to {first.path}; name two files")
    for inner, outer in ((first, second), (second, first)):
        if outer.is_folder and _resolve(outer.path) in _resolve(inner.path).parents:
            raise InputError(f"{inner}: is in the folder of {outer.option}; name a path outside")


def _is_same(path: Path, other: Path) -> bool:
    if _resolve(path) == _resolve(other):
        return True
    try:
        # Other names of a file: hard links, mounts, and capitals where the file system ignores them.
        return path.samefile(other)
    except OSError:
        return False


def _resolve(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _list_folder(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        # It cannot be read; the command reports that when it reads the records.
        return []
