"""Folders of records, of customers and of campaigns, with damaged values or bytes, in every format."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from journey.core.errors import InputError
from journey.marketing.records.folders import BUNDLED, read_folders
from journey.marketing.records.model import MARKETING_FAMILY
from journey.records.columns import get_columns
from journey.records.folder import bundled_folder, read_folder
from journey.records.model import CUSTOMER_FAMILY, Family
from journey.records.tables import RecordTables
from tests.fuzz.commands import UnsoundEndError, read_json, run
from tests.fuzz.mutation import mutate_bytes, mutate_rows

FORMATS = ("json", "jsonl", "csv", "parquet")
Rows = dict[str, list[dict]]


@dataclass(frozen=True)
class Company:
    """A family of records with the commands that read it."""

    family: Family
    folders: tuple[Path, ...]
    commands: tuple[str, ...]
    read: Callable[[Path], RecordTables]

    def rows(self, random: Random) -> Rows:
        """The rows of one of the bundled folders by set."""
        files = sorted(random.choice(self.folders).glob("*.json"))
        return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}

    def results(self, folder: Path) -> dict[str, dict | None]:
        """The JSON of every command on a folder; None where the folder is refused."""
        found = {}
        for command in self.commands:
            done = run(command, folder, "--json", inputs=folder)
            found[command] = None if done.exit_code == 2 else read_json(done.stdout)
        return found


DATA = bundled_folder().parent
CUSTOMERS = Company(
    CUSTOMER_FAMILY, (DATA / "customer_journey", DATA / "imperfect"), ("check", "evaluate"), read_folder
)
CAMPAIGNS = Company(MARKETING_FAMILY, (bundled_folder(BUNDLED),), ("campaigns",), lambda folder: read_folders([folder]))


def fuzz_values(company: Company, random: Random, folder: Path) -> None:
    """No row of JSON is lost: it is used or set aside, once; and every command ends soundly."""
    rows = mutate_company(company, random)
    write(rows, folder, "json")
    company.results(folder)
    _conserve(company, rows, folder)


def fuzz_formats(company: Company, random: Random, folder: Path) -> None:
    """The same texts in two formats give the same findings and the same results."""
    rows = {name: [_as_texts(row) for row in each] for name, each in mutate_company(company, random).items()}
    seen = {}
    for form in random.sample(FORMATS, 2):
        # Folders of one name, because results name the folder.
        place = folder / form / "company"
        place.mkdir(parents=True)
        write(rows, place, form)
        seen[form] = {command: _comparable(result) for command, result in company.results(place).items()}
    one, other = seen
    for command, result in seen[one].items():
        if result != seen[other][command]:
            raise UnsoundEndError(f"{command}: {one} and {other} differ: {_difference(result, seen[other][command])}")


def fuzz_bytes(company: Company, random: Random, folder: Path) -> None:
    """A file with damaged bytes is read, in part or whole, or refused."""
    rows = company.rows(random)
    form = random.choice(FORMATS)
    write(rows, folder, form)
    path = random.choice(sorted(folder.iterdir()))
    path.write_bytes(mutate_bytes(random, path.read_bytes()))
    company.results(folder)


def write(rows: Rows, folder: Path, form: str) -> None:
    """Write every set as one file of this format."""
    for name, each in rows.items():
        path = folder / f"{name}.{form}"
        if form == "json":
            path.write_text(json.dumps(each), encoding="utf-8")
        elif form == "jsonl":
            path.write_text("".join(json.dumps(row) + "\n" for row in each), encoding="utf-8")
        elif form == "csv":
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, _names(each))
                writer.writeheader()
                writer.writerows({key: _text(value) for key, value in row.items()} for row in each)
        else:
            columns = {key: [_text(row.get(key)) for row in each] for key in _names(each)}
            pq.write_table(pa.table({key: pa.array(column, pa.string()) for key, column in columns.items()}), path)


def mutate_company(company: Company, random: Random) -> Rows:
    """The rows of a bundled company, some of one set damaged."""
    rows = company.rows(random)
    name = random.choice(sorted(rows))
    fields = sorted({column.name for column in get_columns(name)} | {key for row in rows[name] for key in row})
    return {**rows, name: mutate_rows(random, rows[name], fields)}


def _conserve(company: Company, rows: Rows, folder: Path) -> None:
    try:
        read = company.read(folder)
    except InputError:
        return
    set_aside = Counter((row.dataset, row.row_number) for row in read.set_aside)
    for name, each in rows.items():
        if name not in company.family.datasets:
            continue
        used = Counter(number for (number,) in read.connection.execute(f"SELECT row_number FROM {name}").fetchall())
        fates = used + Counter({number: count for (set_, number), count in set_aside.items() if set_ == name})
        if fates != Counter(range(1, len(each) + 1)):
            raise UnsoundEndError(f"{name}: {len(each)} rows, but their fates are {sorted(fates.items())}")


def _as_texts(row: dict) -> dict:
    """Values as text; without those that a CSV cannot tell from a missing one."""
    texts = {key: _text(value) for key, value in row.items()}
    return {key: text for key, text in texts.items() if text is not None and text.strip()}


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def _names(rows: Sequence[dict]) -> list[str]:
    return list(dict.fromkeys(key for row in rows for key in row))


def _comparable(result: dict | None) -> dict | None:
    """A result without the texts that name files, rows and formats."""
    if result is None:
        return None
    kept = {key: value for key, value in result.items() if key not in ("findings", "source", "folders")}
    kept["findings"] = sorted(
        str((finding["code"], finding["severity"], finding["dataset"], finding["record"]))
        for finding in result["findings"]
    )
    return kept


def _difference(one: object, other: object, place: str = "") -> str:
    """The first place at which two results differ, with both values."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            if one.get(key) != other.get(key):
                return _difference(one.get(key), other.get(key), f"{place}.{key}")
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (left, right) in enumerate(zip(one, other, strict=True)):
            if left != right:
                return _difference(left, right, f"{place}[{number}]")
    return f"{place}: {str(one)[:600]} | {str(other)[:600]}"
