"""Records, policies and journeys as users name them: by folder, file, scenario, or as objects."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from journey.decision.policy import Policy
    from journey.machine import Journey
    from journey.records.folder import Records
    from scenarios.operations.output_paths import Inputs

BUNDLED = "the ten bundled customers"


def load_policy(policy: "str | Path | Policy | None") -> "Policy":
    """The policy of a file, or the given one; the default policy where `policy` is None.

    Raises:
        InputError: The policy file is missing or invalid.
    """
    from journey.decision.policy import Policy, read_policy

    if policy is None:
        return Policy()
    return policy if isinstance(policy, Policy) else read_policy(Path(policy))


def load_journey(journey: "str | Path | Journey | None") -> "Journey":
    """The journey of a scenario, or the given one; the default journey where `journey` is None.

    Raises:
        InputError: The scenario is unknown or invalid.
    """
    from journey.machine import Journey, default_journey

    if journey is None:
        return default_journey()
    if isinstance(journey, Journey):
        return journey
    from scenarios.files.loader import load

    return load(journey).arms[0].journey


def open_journey(source: str | None) -> "tuple[Journey, Inputs]":
    """The journey of a scenario, and the files that it is read from; the default journey where `source` is None.

    Raises:
        InputError: The scenario is unknown or invalid.
    """
    from journey.machine import default_journey
    from scenarios.operations.output_paths import Inputs

    if source is None:
        return default_journey(), Inputs()
    from scenarios.files.loader import load

    # Read once: a pipe cannot be read again.
    loaded = load(source)
    return loaded.arms[0].journey, Inputs.of_scenario(loaded)


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
