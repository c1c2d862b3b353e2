"""A run as a folder of records: the five sets as JSON, readable by `journey check` and `journey evaluate`.

Records are written to the files customer by customer, so that they are never all in memory. The folder also contains
the arm's policy, for `journey evaluate --policy`; it lists the customers without consent to be contacted.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, Self

from journey.runtime.atomic_files import atomic_folder
from simulation.exports.histories import customer_id
from simulation.exports.record_writer import CustomerRecords, RecordWriter
from simulation.model.arm_policy import build_effective_policy, format_toml

if TYPE_CHECKING:
    from pathlib import Path

    from simulation.exports.histories import RunHistory
    from simulation.exports.record_writer import Record
    from simulation.trace.dates import Dates

POLICY_FILE = "policy.toml"


def write_records(run_history: RunHistory, folder: Path, dates: Dates) -> None:
    """Write a run as a folder of records. The write is atomic.

    Args:
        run_history: The run.
        folder: A new or empty folder.
        dates: The calendar of the run.

    Raises:
        InputError: The folder is not empty, or it cannot be written.
    """
    writer = RecordWriter(run_history, dates)
    do_not_contact = []
    with atomic_folder(folder, "the records") as part:
        with ExitStack() as stack:
            sets = [stack.enter_context(_JsonArrayWriter(part / f"{name}.json")) for name in CustomerRecords._fields]
            for history in run_history.histories():
                if not history.initial.consents:
                    do_not_contact.append(customer_id(history.initial))
                for target, records in zip(sets, writer.build_records(history), strict=True):
                    target.write(records)
        policy = format_toml(build_effective_policy(run_history.arm_spec, do_not_contact))
        (part / POLICY_FILE).write_text(_heading(run_history, dates) + policy, encoding="utf-8")


def _heading(run_history: RunHistory, dates: Dates) -> str:
    return (
        f"# The policy of the arm {run_history.arm_spec.name}, whose records are in this folder: seed "
        f"{run_history.seed}, "
        "replication "
        f"{run_history.replication},\n# {run_history.run.customers} customers, {run_history.days:g} days from "
        f"{dates.start:%Y-%m-%d}. "
        f"To evaluate the records with it: journey evaluate FOLDER --policy FOLDER/{POLICY_FILE}\n"
    )


class _JsonArrayWriter:
    """Writes a JSON array to a file, one record per line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str]
        self._separator = "[\n"

    def __enter__(self) -> Self:
        self._file = self._path.open("w", encoding="utf-8", newline="\n")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.write("[]\n" if self._separator == "[\n" else "\n]\n")
        self._file.close()

    def write(self, records: list[Record]) -> None:
        for record in records:
            self._file.write(self._separator + json.dumps(record, ensure_ascii=False))
            self._separator = ",\n"
