"""Replications on disk: each one is appended as soon as it is complete, so that a run can go on where it ended.

The file is JSON Lines. Its first line says what the replications are of (`RunIdentity`); every other line is one
complete replication, in the order in which they were finished. Nothing written is ever changed: a process that is
killed leaves at worst a last line without an end, which is dropped when the file is opened again. One process at a time
may hold the file.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, BinaryIO

from journey.core.errors import InputError
from journey.runtime.locks import lock

if TYPE_CHECKING:
    from simulation.metrics.run_results import Run

_MAGIC = b'{"journeylab": "replications"'
_FORMAT = 1
_SYNC_EVERY_SECONDS = 1.0
"""A power cut may cost so much; the end of the process alone costs nothing that is complete."""


@dataclass(frozen=True)
class RunIdentity:
    """What stored replications are of; only what is the same in all of this may be continued.

    Attributes:
        scenario: Its name, for people; the hash counts.
        scenario_hash: Hash of the resolved scenario.
        seed: All luck follows from it.
        version: Version of this software.
        mode: How the arms are held against each other.
        engine: Which engine lives the runs.
        days: The horizon.
        customers: Size of the cohort that the scenario asks for.
        arms: Names of the arms, in order.
    """

    scenario: str
    scenario_hash: str
    seed: int
    version: str
    mode: str
    engine: str
    days: float
    customers: int
    arms: tuple[str, ...]

    def differences(self, other: "RunIdentity") -> list[str]:
        """What another file or command has different, each in a sentence that says how to mend it."""
        return [
            _FIXES[name].format(stored=getattr(self, name), now=getattr(other, name), of=self.scenario)
            for name in _FIXES
            if getattr(self, name) != getattr(other, name)
        ]


_FIXES = {
    "scenario_hash": "scenario: it holds {of} with hash {stored}, this is hash {now}; give the same file and --set",
    "seed": "seed: it was begun with seed {stored}, this is seed {now}; give --seed {stored}",
    "version": "version: it was written by journeylab {stored}, this is {now}, whose results may differ; use {stored}",
    "mode": "mode: it was begun with --mode {stored}, this is {now}; give --mode {stored}",
    "engine": "engine: it was begun with --engine {stored}, this is {now}; give --engine {stored}",
    "days": "days: it holds {stored} days, this is {now}; set horizon_days={stored}",
    "customers": "customers: it holds {stored}, this is {now}; set population.size={stored}",
    "arms": "arms: it holds {stored}, this is {now}; give the same arms in the same order",
}


class Checkpoint:
    """An open file of replications.

    Attributes:
        path: Where it is.
        identity: What its replications are of.
        runs: What it held when it was opened: by replication, the runs of the arms in order.
        has_dropped_line: Whether a torn last line was dropped.
    """

    def __init__(self, path: Path, file: BinaryIO, identity: RunIdentity, *, any_engine: bool) -> None:
        """Take over a file that is locked; use `open_checkpoint`.

        Args:
            path: Where it is.
            file: Open for reading and writing.
            identity: What is to be stored in it.
            any_engine: Whether to take the engine that the file was begun with.

        Raises:
            InputError: It holds something else.
        """
        self.path = path
        self.identity = identity
        self.runs: dict[int, tuple[Run, ...]] = {}
        self.has_dropped_line = False
        self._file = file
        self._any_engine = any_engine
        self._synced_at = monotonic()
        valid_bytes = self._read()
        if file.seek(0, os.SEEK_END) > valid_bytes:
            self.has_dropped_line = True
            file.truncate(valid_bytes)
            file.seek(valid_bytes)
        if valid_bytes == 0:
            self._append({"journeylab": "replications", "format": _FORMAT, **asdict(self.identity)})
            self.sync()

    @property
    def opening_message(self) -> str:
        """What a person has to know about what the file held; empty for a new one."""
        dropped_text = f"{self.path}: its last line was not complete and is dropped" if self.has_dropped_line else ""
        stored_text = f"{self.path}: {len(self.runs):,} complete replications are taken from it" if self.runs else ""
        return "\n".join(filter(None, (dropped_text, stored_text)))

    def add(self, replication: int, runs: Sequence["Run"]) -> None:
        """Append a complete replication.

        Raises:
            InputError: The file cannot be written; what it holds stays good.
        """
        self._append({"replication": replication, "runs": [_run_as_record(run) for run in runs]})
        if monotonic() - self._synced_at >= _SYNC_EVERY_SECONDS:
            self.sync()

    def sync(self) -> None:
        """Have everything on the disk, safe from a power cut too."""
        os.fsync(self._file.fileno())
        self._synced_at = monotonic()

    def _append(self, content: dict[str, Any]) -> None:
        try:
            self._file.write(json.dumps(content, default=_to_python_number).encode() + b"\n")
            self._file.flush()
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written: {error.strerror or error}") from None

    def _read(self) -> int:
        """Read what is there; how many bytes of it are good."""
        self._file.seek(0)
        first = self._file.readline()
        if not first.endswith(b"\n") and _MAGIC.startswith(first[: len(_MAGIC)]):
            return 0  # Empty, or the process ended while it wrote the first line.
        self.identity = self._match_identity(first)
        valid_bytes = len(first)
        for number, line in enumerate(self._file, start=2):
            if not line.endswith(b"\n"):
                break
            self._add_line(line, number)
            valid_bytes += len(line)
        return valid_bytes

    def _match_identity(self, first: bytes) -> RunIdentity:
        """The identity, when the file's is the one that is asked for."""
        if not first.startswith(_MAGIC):
            raise InputError(f"{self.path}: is not a file of stored replications; name another file with --resume")
        header = self._parse_line(first, 1)
        if header.get("format") != _FORMAT:
            raise InputError(
                f"{self.path}: is stored in format {header.get('format')!r}, and this version knows {_FORMAT} only; "
                "name another file with --resume"
            )
        try:
            stored = RunIdentity(**{field.name: header[field.name] for field in fields(RunIdentity)})
        except KeyError as error:
            raise InputError(f"{self.path}, line 1: does not say its {error.args[0]}; name another file") from None
        stored = replace(stored, arms=tuple(stored.arms))
        requested = self.identity
        if self._any_engine:
            requested = replace(requested, engine=stored.engine)
        different = stored.differences(requested)
        if different:
            raise InputError(
                "\n".join(
                    f"{self.path}: cannot be continued: {sentence}, or name another file" for sentence in different
                )
            )
        return replace(requested, scenario=stored.scenario)

    def _add_line(self, line: bytes, number: int) -> None:
        content = self._parse_line(line, number)
        try:
            runs = tuple(_run_from_record(record) for record in content["runs"])
            replication = int(content["replication"])
        except (KeyError, TypeError, ValueError):
            raise InputError(self._damage_message(number)) from None
        if tuple(run.arm for run in runs) != self.identity.arms:
            raise InputError(self._damage_message(number))
        self.runs.setdefault(replication, runs)

    def _parse_line(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            content = json.loads(line)
        except ValueError:
            raise InputError(self._damage_message(number)) from None
        if not isinstance(content, dict):
            raise InputError(self._damage_message(number))
        return content

    def _damage_message(self, number: int) -> str:
        fix = "name another file with --resume" if number == 1 else "delete that line to have it run again"
        return f"{self.path}, line {number}: is damaged; {fix}"


@contextmanager
def open_checkpoint(path: Path, identity: RunIdentity, *, any_engine: bool = False) -> Iterator[Checkpoint]:
    """A file of replications to continue, or a new one; it is closed at the end.

    Args:
        path: The file; its folder is made when it is missing.
        identity: What is to be run.
        any_engine: Whether to take the engine that the file was begun with, where there is one.

    Raises:
        InputError: The file is of something else, damaged, in use by another process, or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
    except OSError as error:
        raise InputError(f"{path}: cannot be opened for writing: {error.strerror or error}") from None
    with os.fdopen(descriptor, "r+b") as file:
        if not lock(file):
            raise InputError(f"{path}: is in use by another process; wait for its end, or name another file")
        checkpoint = Checkpoint(path, file, identity, any_engine=any_engine)
        yield checkpoint
        checkpoint.sync()


def _to_python_number(value: Any) -> Any:
    """A NumPy number as Python's."""
    return value.item()


def _run_as_record(run: "Run") -> dict[str, Any]:
    return {field.name: getattr(run, field.name) for field in fields(run) if field.name != "trace"}


def _run_from_record(record: dict[str, Any]) -> "Run":
    from simulation.metrics.run_results import Run

    return Run(**record)
