"""A run as a folder of records: the five sets as JSON, readable by `journey check` and `journey evaluate`.

Customers are written down one after another and their records go straight to the files, so that a large run never
stands in memory a second time. Beside the sets lies the arm's policy, for `journey evaluate --policy`; it lists the
customers who gave no consent to be contacted.
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
    """Write a run as a folder of records; it appears whole or not at all.

    Args:
        run_history: The run.
        folder: Where to: a new folder, or an empty one.
        dates: What date day 0 has.

    Raises:
        InputError: There is something in the folder already, or it cannot be written.
    """
    writer = RecordWriter(run_history, dates)
    do_not_contact = []
    with atomic_folder(folder, "the records") as part:
        with ExitStack() as stack:
            sets = [stack.enter_context(_JsonArrayWriter(part / f"{name}.json")) for name in CustomerRecords._fields]
            for history in run_history.histories():
                if not history.initial.consents:
                    do_not_contact.append(customer_id(history.initial.number))
                for target, records in zip(sets, writer.build_records(history), strict=True):
                    target.write(records)
        policy = format_toml(build_effective_policy(run_history.setup, do_not_contact))
        (part / POLICY_FILE).write_text(_heading(run_history, dates) + policy, encoding="utf-8")


def _heading(run_history: RunHistory, dates: Dates) -> str:
    return (
        f"# The policy of the arm {run_history.setup.name}, whose records lie here: seed {run_history.seed}, "
        "replication "
        f"{run_history.replication},\n# {run_history.run.customers} customers, {run_history.days:g} days from "
        f"{dates.start:%Y-%m-%d}. "
        f"To judge them by it: journey evaluate FOLDER --policy FOLDER/{POLICY_FILE}\n"
    )


class _JsonArrayWriter:
    """A JSON array on its way to a file, one record a line."""

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
