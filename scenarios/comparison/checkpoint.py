"""Checkpoint files: each replication is appended as soon as it is complete, so that a run can be resumed.

The file is JSON Lines. Its first line identifies the run (`RunIdentity`); every other line is one complete replication,
in the order of completion. Lines are never changed: a process that is killed leaves at worst an incomplete last line,
which is dropped when the file is opened again. Only one process at a time can open the file.

Every line ends with a checksum of its content and of the first line. A line that was damaged, edited or copied from the
file of another run is refused.
"""

import hashlib
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
_FORMAT = 2
_FIRST_FORMAT = _MAGIC + b', "format": 1,'
_MAX_FIRST_LINE = 1 << 20
"""In bytes. A file with a longer first line is of another kind, and may be too large for memory."""

_CHECKSUM = "sha256"
_CHECKSUM_KEY = f', "{_CHECKSUM}": "'.encode()
_CHECKSUM_LENGTH = len(_CHECKSUM_KEY) + 2 * hashlib.sha256().digest_size + len(b'"}\n')
_SYNC_EVERY_SECONDS = 1.0
"""Time between syncs to disk. A power cut may lose this much; a process that ends loses no complete replication."""


@dataclass(frozen=True)
class RunIdentity:
    """Identifies the run that stored replications belong to; a run can be resumed only with an equal identity.

    Attributes:
        scenario: Name of the scenario, for messages; it is not compared.
        scenario_hash: Hash of the resolved scenario.
        seed: Random seed.
        version: Version of this software.
        mode: How the arms are compared.
        engine: ``reference`` or ``compiled``.
        days: Length of a run, in days.
        customers: Size of the cohort in the scenario.
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
        """One sentence for each difference from another identity, with the cure."""
        return [
            _FIXES[name].format(stored=getattr(self, name), now=getattr(other, name), of=self.scenario)
            for name in _FIXES
            if getattr(self, name) != getattr(other, name)
        ]


_FIXES = {
    "scenario_hash": (
        "scenario: the file has {of} with hash {stored}, this run has {now}; give the same scenario and options"
    ),
    "seed": "seed: the file was started with seed {stored}, this run has seed {now}; give --seed {stored}",
    "version": "version: the file is from journeylab {stored}, this is {now}, whose results may differ; use {stored}",
    "mode": "mode: the file was started with --mode {stored}, this run has {now}; give --mode {stored}",
    "engine": "engine: the file was started with --engine {stored}, this run has {now}; give --engine {stored}",
    "days": "days: the file has runs of {stored} days, this run has {now}; give --days {stored}",
    "customers": "customers: the file has cohorts of {stored}, this run has {now}; give --customers {stored}",
    "arms": "arms: the file has {stored}, this run has {now}; give the same arms in the same order",
}


class Checkpoint:
    """An open checkpoint file.

    Attributes:
        path: Path of the file.
        identity: Identifies the run.
        runs: The replications in the file when it was opened: by replication, the runs of the arms in order.
        has_dropped_line: Whether an incomplete last line was dropped.
    """

    def __init__(self, path: Path, file: BinaryIO, identity: RunIdentity, *, any_engine: bool) -> None:
        """Read a locked file; callers use `open_checkpoint`.

        Args:
            path: Path of the file.
            file: The file, open for reading and writing.
            identity: Identifies the run whose replications the file stores.
            any_engine: Whether to use the engine that the file was started with.

        Raises:
            InputError: The file belongs to another run.
        """
        self.path = path
        self.identity = identity
        self.runs: dict[int, tuple[Run, ...]] = {}
        self.has_dropped_line = False
        self._file = file
        self._any_engine = any_engine
        self._synced_at = monotonic()
        self._first_checksum = b""
        valid_bytes = self._read()
        if file.seek(0, os.SEEK_END) > valid_bytes:
            self.has_dropped_line = True
            file.truncate(valid_bytes)
            file.seek(valid_bytes)
        if valid_bytes == 0:
            first = self._append({"journeylab": "replications", "format": _FORMAT, **asdict(self.identity)})
            self._first_checksum = _read_checksum(first)
            self.sync()

    @property
    def opening_message(self) -> str:
        """Message for the user about the contents of the file; empty for a new file."""
        dropped_text = f"{self.path}: the last line was incomplete and was dropped" if self.has_dropped_line else ""
        stored_text = f"{self.path}: using {len(self.runs):,} complete replications from this file" if self.runs else ""
        return "\n".join(filter(None, (dropped_text, stored_text)))

    def add(self, replication: int, runs: Sequence["Run"]) -> None:
        """Append a complete replication.

        Raises:
            InputError: The file cannot be written; its earlier lines remain valid.
        """
        self._append({"replication": replication, "runs": [_run_as_record(run) for run in runs]})
        if monotonic() - self._synced_at >= _SYNC_EVERY_SECONDS:
            self.sync()

    def sync(self) -> None:
        """Sync the file to disk, so that a power cut loses nothing."""
        os.fsync(self._file.fileno())
        self._synced_at = monotonic()

    def _append(self, content: dict[str, Any]) -> bytes:
        line = _add_checksum(json.dumps(content, default=_to_python_number).encode(), self._first_checksum)
        try:
            self._file.write(line)
            self._file.flush()
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written: {error.strerror or error}") from None
        return line

    def _read(self) -> int:
        """Read the file; returns the number of valid bytes."""
        self._file.seek(0)
        first = self._file.readline(_MAX_FIRST_LINE)
        if not first.endswith(b"\n") and _MAGIC.startswith(first[: len(_MAGIC)]):
            return 0  # The file is empty, or the process ended while it wrote the first line.
        self.identity = self._match_identity(first)
        self._first_checksum = _read_checksum(first)
        valid_bytes = len(first)
        for number, line in enumerate(self._file, start=2):
            if not line.endswith(b"\n"):
                break
            self._add_line(line, number)
            valid_bytes += len(line)
        return valid_bytes

    def _match_identity(self, first: bytes) -> RunIdentity:
        """The identity of the file, which must equal the requested one."""
        if not first.startswith(_MAGIC):
            raise InputError(f"{self.path}: not a file of stored replications; name another file with --resume")
        if first.startswith(_FIRST_FORMAT):
            raise InputError(
                f"{self.path}: has format 1, but this version reads format {_FORMAT} only; name another file with "
                "--resume"
            )
        header = self._parse_line(first, 1)
        try:
            stored = RunIdentity(**{field.name: header[field.name] for field in fields(RunIdentity)})
            stored = replace(stored, arms=tuple(stored.arms))
        except (KeyError, TypeError):
            raise InputError(self._damage_message(1)) from None
        requested = self.identity
        if self._any_engine:
            requested = replace(requested, engine=stored.engine)
        different = stored.differences(requested)
        if different:
            raise InputError(
                "\n".join(f"{self.path}: cannot be resumed: {sentence}, or name another file" for sentence in different)
            )
        return replace(requested, scenario=stored.scenario)

    def _add_line(self, line: bytes, number: int) -> None:
        content = self._parse_line(line, number)
        try:
            runs = tuple(_run_from_record(record) for record in content["runs"])
            replication = int(content["replication"])
        except (KeyError, TypeError, ValueError, OverflowError):
            raise InputError(self._damage_message(number)) from None
        if tuple(run.arm for run in runs) != self.identity.arms:
            raise InputError(self._damage_message(number))
        self.runs.setdefault(replication, runs)

    def _parse_line(self, line: bytes, number: int) -> dict[str, Any]:
        text = _remove_checksum(line, self._first_checksum)
        if text is None:
            raise InputError(self._damage_message(number))
        try:
            content = json.loads(text)
        except (ValueError, RecursionError):
            raise InputError(self._damage_message(number)) from None
        if not isinstance(content, dict):
            raise InputError(self._damage_message(number))
        return content

    def _damage_message(self, number: int) -> str:
        fix = "name another file with --resume" if number == 1 else "delete that line to repeat its replication"
        return f"{self.path}, line {number}: damaged, its checksum does not match; {fix}"


@contextmanager
def open_checkpoint(path: Path, identity: RunIdentity, *, any_engine: bool = False) -> Iterator[Checkpoint]:
    """Open a checkpoint file, or create it; it is closed when the context ends.

    Args:
        path: Path of the file; a missing folder is created.
        identity: Identifies the run.
        any_engine: Whether to use the engine that an existing file was started with.

    Raises:
        InputError: The file belongs to another run, is damaged, is in use by another process, or cannot be written.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        # A device never ends, and a pipe waits for a writer.
        raise InputError(f"{path}: is not a regular file; name another file with --resume")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
    except OSError as error:
        raise InputError(f"{path}: cannot be opened for writing: {error.strerror or error}") from None
    with os.fdopen(descriptor, "r+b") as file:
        if not lock(file):
            raise InputError(f"{path}: in use by another process; wait until it ends, or name another file")
        checkpoint = Checkpoint(path, file, identity, any_engine=any_engine)
        yield checkpoint
        checkpoint.sync()


def _add_checksum(content: bytes, first_checksum: bytes) -> bytes:
    """A line: a JSON object with its checksum as the last key."""
    return content.removesuffix(b"}") + _CHECKSUM_KEY + _compute_checksum(content, first_checksum) + b'"}\n'


def _remove_checksum(line: bytes, first_checksum: bytes) -> bytes | None:
    """The JSON object of a line without its checksum; None if the line is not as it was written."""
    content = line[:-_CHECKSUM_LENGTH] + b"}"
    return content if line == _add_checksum(content, first_checksum) else None


def _read_checksum(line: bytes) -> bytes:
    return line[-_CHECKSUM_LENGTH:].removeprefix(_CHECKSUM_KEY).removesuffix(b'"}\n')


def _compute_checksum(content: bytes, first_checksum: bytes) -> bytes:
    return hashlib.sha256(first_checksum + content).hexdigest().encode()


def _to_python_number(value: Any) -> Any:
    """A NumPy number as a Python number."""
    return value.item()


def _run_as_record(run: "Run") -> dict[str, Any]:
    return {field.name: getattr(run, field.name) for field in fields(run) if field.name != "trace"}


def _run_from_record(record: dict[str, Any]) -> "Run":
    from simulation.metrics.run_results import Run

    return Run(**record)
