"""A benchmark in a file: the JSON of `journey benchmark`, written with `--save` and read with `--against`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from journey.core.errors import InputError
from journey.runtime.atomic_files import write_text

FORMAT = "journeylab-benchmark"
FORMAT_VERSION = 1
"""Raised when saved numbers change their meaning, or the calibration loop does."""

MAX_BYTES = 64 * 1024 * 1024
"""Largest file that is read; a saved run has a few kilobytes."""

_REMEDY = "write a new one with journey benchmark --save FILE"

_Time = Annotated[float, Field(ge=1e-6, le=1e15, allow_inf_nan=False)]
"""A time in microseconds. The limits keep ratios finite: a billionth of the shortest evaluation, and thirty years."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class SavedPercentiles(_Part):
    """Percentiles over customers, in microseconds."""

    p50_us: _Time
    p90_us: _Time
    p99_us: _Time
    max_us: _Time


class SavedProcess(_Part):
    """The times of a process in microseconds.

    Attributes:
        pace_us: Duration of the calibration loop.
        single: Percentiles without reasons.
        with_reasons: Percentiles with reasons.
        batch_us_per_customer: Time of the batch per customer; None if an interrupted run had no batch.
    """

    pace_us: _Time
    single: SavedPercentiles
    with_reasons: SavedPercentiles
    batch_us_per_customer: _Time | None = None


class MachineNames(_Part):
    """The machine and the interpreter."""

    processor: str
    system: str
    python: str


class SavedRun(_Part):
    """What a later run is compared with.

    Attributes:
        version: Version of journeylab.
        source: Source of the records.
        as_of: Time of the evaluation.
        policy: Name of the policy.
        customers: Number of customers that were measured.
        rows: Number of records by set.
        rounds: Number of complete rounds, in all processes together.
        machine: The machine.
        by_process: The times of each process.
    """

    version: str
    source: str
    as_of: str
    policy: str
    customers: Annotated[int, Field(gt=0)]
    rows: dict[str, int]
    rounds: Annotated[int, Field(gt=0)]
    machine: MachineNames
    by_process: Annotated[list[SavedProcess], Field(min_length=1)]


def write_run(path: Path, document: Mapping[str, Any]) -> None:
    """Write the document of a benchmark to a file, atomically.

    Raises:
        InputError: The file cannot be written.
    """
    write_text(path, json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_run(path: Path) -> SavedRun:
    """Read a saved benchmark.

    Raises:
        InputError: The file cannot be read, is not a saved benchmark, or has another version of the format.
    """
    document = _read_json(path)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InputError(f"{path}: is not a saved benchmark; {_REMEDY}")
    version = document.get("format_version")
    if version != FORMAT_VERSION:
        written = document.get("version")
        by = f" by journeylab {written}" if isinstance(written, str) else ""
        raise InputError(
            f"{path}: was saved{by} in version {version!r} of the format, and this program reads version "
            f"{FORMAT_VERSION}; {_REMEDY} of this program"
        )
    try:
        return SavedRun.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise InputError(f"{path}: is a damaged saved benchmark: {key}: {first['msg']}; {_REMEDY}") from None


def _read_json(path: Path) -> Any:
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name the file of a saved benchmark")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise InputError(f"{path}: the file of the saved benchmark does not exist; {_REMEDY}") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(content) > MAX_BYTES:
        raise InputError(f"{path}: is larger than {MAX_BYTES // 1024**2} MB, so it is not a saved benchmark")
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8 text, so it is not a saved benchmark; {_REMEDY}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not valid JSON ({error}); {_REMEDY}") from None
