"""Records as users name them: by folder, as tables, or as objects."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from journey.decision.policy import Policy
    from journey.machine import Journey
    from journey.records.folder import Records

BUNDLED = "the ten bundled customers"


def read_records(
    records: "str | Path | Mapping[str, Any] | Records | None",
    journey: "Journey",
    policy: "Policy",
    *,
    refuse_large: bool = False,
) -> "Records":
    """The records of a folder, of tables, or as given; the ten bundled customers where `records` is None.

    Args:
        records: A folder, frames or rows by name of the set (`journey.records.store.Records.from_tables`), or records.
        journey: The journey of the stages.
        policy: Its signal types resolve conflicting duplicates.
        refuse_large: Whether to refuse a folder whose records will not fit in memory, before reading it.

    Raises:
        InputError: The folder, one of its files, or a table cannot be read.
    """
    from journey.records.folder import Records, bundled_folder, read_folder

    if isinstance(records, Records):
        return records
    if isinstance(records, Mapping):
        return Records.from_tables(records, journey=journey, policy=policy)
    if records is None:
        read = read_folder(bundled_folder(), journey=journey, policy=policy)
        # The path of the installed package is of no use to the reader.
        read.source = BUNDLED
        return read
    folder = Path(records)
    if refuse_large and folder.is_dir():
        from scenarios.execution.memory import refuse_large_records

        refuse_large_records(folder)
    return read_folder(folder, journey=journey, policy=policy)
