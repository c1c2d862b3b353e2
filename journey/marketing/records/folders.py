"""Reading folders of marketing records: the front door of this package.

Each set is one file, as with customers. Folders are read together: one may hold the V1 sets and another the V2 sets. A
set that several of them hold is read from all of them, its rows numbered through, and a notice says so; rows with one
key are then resolved like rows of one file (identical ones once, contradicting ones by the first, with an error).
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
"""Name of the bundled folder."""


def read_folders(folders: Sequence[Path | str]) -> MarketingRecords:
    """The records of one folder, or of several together.

    Args:
        folders: One or more folders, each of which holds at least one set.

    Raises:
        InputError: No folder is given, one is given twice, or one of them or of its files cannot be read. A row that
            does not fit is no error: see `MarketingRecords.set_aside`.
    """
    paths = [Path(folder) for folder in folders]
    if not paths:
        raise InputError("no folder of records is given; give one or more")
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
