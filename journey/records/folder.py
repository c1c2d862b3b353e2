"""Reading a folder of records: the entry point of this package.

Each set is one file, `customers`, `journey_state_log`, `signals`, `interventions`, `outcomes` and, if there are any,
`events`, as JSON, JSON Lines, CSV or Parquet. Validation works by column in SQL. An invalid row is set aside with its
reason, and the other rows are used.
"""

from pathlib import Path

from journey.decision.policy import Policy
from journey.machine import Journey
from journey.records.assemble import assemble_sources
from journey.records.sources import bundled_folder, find_sources
from journey.records.store import Records
from journey.records.tables import SetAside

__all__ = ["Records", "SetAside", "bundled_folder", "read_folder"]


def read_folder(folder: Path | str, *, journey: Journey | None = None, policy: Policy | None = None) -> Records:
    """The records of a folder.

    Args:
        folder: A folder with one file for each set; the customers are required.
        journey: The journey of the stages. A stage that differs from one of them in capitals only is normalised.
            Default: the default journey.
        policy: Its signal types resolve conflicting duplicates. Default: the default policy.

    Raises:
        InputError: The folder or one of its files cannot be read; the message says where, and how to correct it.
            An invalid row is not an error; see `Records.set_aside`.
    """
    folder = Path(folder)
    sources, findings = find_sources(folder)
    return Records(assemble_sources(sources, findings, journey, policy), str(folder))
