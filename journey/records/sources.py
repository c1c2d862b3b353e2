"""The sources of records: the file of each set in a folder, and the bundled folders."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

from journey.core.errors import InputError
from journey.core.findings import Finding, FindingSeverity
from journey.core.suggestions import did_you_mean, suggest_close
from journey.records.model import CUSTOMER_FAMILY, Family

Format = Literal["json", "lines", "csv", "parquet"]

FORMATS: dict[str, Format] = {
    ".json": "json",
    ".jsonl": "lines",
    ".ndjson": "lines",
    ".csv": "csv",
    ".parquet": "parquet",
    ".json.gz": "json",
    ".jsonl.gz": "lines",
    ".ndjson.gz": "lines",
    ".csv.gz": "csv",
}
"""The format of each file extension."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file with the rows of one set."""

    dataset: str
    path: Path
    format: Format


def bundled_folder(name: str = "customer_journey") -> Path:
    """The folder of a dataset that ships with the software.

    It is in the installed package, or next to it in a source checkout.

    Args:
        name: Name of the dataset.

    Raises:
        InputError: The dataset is unknown; the message lists the bundled ones.
    """
    package = Path(str(files("journey")))
    data_folders = [home for home in (package / "data", package.parent / "data") if home.is_dir()]
    for home in data_folders:
        if name and (home / name).is_dir():
            return home / name
    known = sorted({folder.name for home in data_folders for folder in home.iterdir() if folder.is_dir()})
    raise InputError(f"no bundled dataset is called {name!r}{did_you_mean(name, known)}")


def find_sources(folder: Path, family: Family = CUSTOMER_FAMILY) -> tuple[dict[str, Source], list[Finding]]:
    """The file of each set in a folder, and findings about the other files.

    Args:
        folder: The folder.
        family: The sets that the folder may contain.

    Raises:
        InputError: The folder does not exist, is a file, contains no set, contains a set twice, or lacks a
            required set.
    """
    _refuse_non_folder(folder)
    found: dict[str, list[Path]] = {}
    unknown_files: list[Path] = []
    for path in sorted(folder.iterdir()):
        dataset, ending = split_name(path)
        known = dataset in family.datasets and ending in FORMATS
        if known and not path.is_file():
            what = "a folder" if path.is_dir() else "a broken link, or not a regular file"
            raise InputError(f"{path}: is {what}; put the file with the {dataset} there, or remove it")
        if known:
            found.setdefault(dataset, []).append(path)
        elif ending in FORMATS:
            unknown_files.append(path)
    _refuse_doubles(found)
    _refuse_absence(folder, family, found, unknown_files)
    sources = {name: Source(name, paths[0], FORMATS[split_name(paths[0])[1]]) for name, paths in found.items()}
    return sources, [_build_unknown_file_finding(path, family) for path in unknown_files]


def split_name(path: Path) -> tuple[str, str]:
    """Name of the set and extension, both in lower case: ``Signals.CSV.gz`` gives ``("signals", ".csv.gz")``."""
    name = path.name.lower()
    stem, dot, ending = name.partition(".")
    return stem.strip(), dot + ending


def _refuse_non_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    if folder.exists():
        raise InputError(f"{folder}: is a file; give the folder that contains it ({folder.parent})")
    raise InputError(f"{folder}: there is no such folder")


def _refuse_doubles(found: dict[str, list[Path]]) -> None:
    for dataset, paths in found.items():
        if len(paths) > 1:
            names = " and ".join(path.name for path in paths)
            raise InputError(f"{paths[0].parent}: {dataset} is there more than once ({names}); keep one of them")


def _refuse_absence(folder: Path, family: Family, found: dict[str, list[Path]], unknown_files: list[Path]) -> None:
    needed = family.required_dataset
    if needed in found or (found and needed is None):
        return
    sought = family.principal if needed is None else needed
    near = [path.name for path in unknown_files if suggest_close(sought, [split_name(path)[0]])]
    hint = f"; rename {near[0]} if that is it" if near else ""
    expected = ", ".join(f"{sought}{ending}" for ending in (".json", ".jsonl", ".csv", ".parquet"))
    if found:
        raise InputError(f"{folder}: the {sought} are missing; add one of {expected}{hint}")
    sets = ", ".join(family.datasets)
    least = f", and at least the {needed} ({expected})" if needed else ""
    raise InputError(
        f"{folder}: no records found; expected a file for each of {sets} "
        f"as .json, .jsonl, .csv or .parquet{least}{hint}"
    )


def _build_unknown_file_finding(path: Path, family: Family) -> Finding:
    stem, _ = split_name(path)
    return Finding(
        code="unknown-file",
        severity=FindingSeverity.NOTICE,
        dataset=stem,
        record=None,
        customer_id=None,
        message=f"{path.name} is not read: {stem!r} is not a record set{did_you_mean(stem, family.datasets)}.",
    )
