"""Read folders of marketing records.

Each record set is one file, as for customers. Folders are read together: one may contain the V1 sets and another the V2
sets. A set that is in several folders is read from all of them, with consecutive row numbers, and a notice reports it.
Rows with the same key are then resolved like rows of one file: identical rows count once; of contradicting rows the
first is used, with an error.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from journey.core.errors import InputError
from journey.marketing.records.model import MARKETING_FAMILY
from journey.marketing.records.store import MarketingRecords
from journey.records.assemble import load_sources
from journey.records.sources import Source, bundled_folder, find_sources

if TYPE_CHECKING:
    from journey.core.findings import Finding

__all__ = ["BUNDLED", "MarketingRecords", "bundled_folder", "read_folders"]

BUNDLED = "marketing"
"""Name of the bundled folder of marketing records."""


def read_folders(folders: Sequence[Path | str]) -> MarketingRecords:
    """Read the records of one folder, or of several folders together.

    Args:
        folders: One or more folders, each with at least one record set.

    Raises:
        InputError: No folder is given, a folder is given twice, or a folder or file cannot be read. An invalid row
            raises no error; see `MarketingRecords.set_aside`.
    """
    paths = [Path(folder) for folder in folders]
    if not paths:
        raise InputError("no folder of records is given; give one or more folders")
    _refuse_repeated_folders(paths)
    sources: dict[str, list[Source]] = {}
    findings: list[Finding] = []
    for path in paths:
        found, folder_findings = find_sources(path, MARKETING_FAMILY)
        findings.extend(folder_findings)
        for dataset, source in found.items():
            sources.setdefault(dataset, []).append(source)
    connection = load_sources(MARKETING_FAMILY, sources, findings)
    return MarketingRecords(connection, ", ".join(str(path) for path in paths))


def _refuse_repeated_folders(paths: Sequence[Path]) -> None:
    seen: dict[Path, Path] = {}
    for path in paths:
        other = seen.setdefault(path.resolve(), path)
        if other is not path:
            raise InputError(f"{path}: is the same folder as {other}; give each folder once")
