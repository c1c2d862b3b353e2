"""The bundled campaigns as plain rows that a test can change, and what the checks say about them then."""

import json
from copy import deepcopy
from dataclasses import replace
from functools import cache

from journey.marketing.checks import check
from journey.marketing.records.folders import BUNDLED, bundled_folder
from journey.marketing.records.model import MARKETING_FAMILY
from journey.marketing.records.store import MarketingRecords
from journey.records.assemble import load_tables


@cache
def _bundled():
    folder = bundled_folder(BUNDLED)
    return {
        name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        for name in MARKETING_FAMILY.datasets
        if (folder / f"{name}.json").exists()
    } | {"marketing_log": []}


def rows():
    """The rows of every bundled set, by name of the set."""
    return deepcopy(_bundled())


def row(tables, dataset, key):
    """The one row of a set whose key is `key`."""
    name = next(model.key for model in MARKETING_FAMILY.models if model.dataset == dataset)
    (found,) = (each for each in tables[dataset] if each[name] == key)
    return found


@cache
def _clean():
    """The bundled sets after reading, as Arrow tables."""
    connection = MarketingRecords.from_tables(_bundled()).connection
    return {name: connection.sql(f"FROM {name}").to_arrow_table() for name in MARKETING_FAMILY.datasets}


@cache
def _unchanged():
    return _read({}, changed=[])


def records(tables):
    """The records of these rows, for reading only; sets that are as they are bundled are not read again.

    Reading is what takes the time: planning the statement that types a set takes the database 10 to 20 ms, however few
    rows there are.
    """
    changed = [model for model in MARKETING_FAMILY.models if tables.get(model.dataset) != _bundled().get(model.dataset)]
    return _read(tables, changed) if changed else _unchanged()


def _read(tables, changed):
    family = replace(MARKETING_FAMILY, models=tuple(changed))
    connection = load_tables(family, {model.dataset: tables.get(model.dataset) for model in changed})
    for name in set(MARKETING_FAMILY.datasets) - set(family.datasets):
        connection.register("clean", _clean()[name])
        connection.execute(f"CREATE TABLE {name} AS FROM clean")
        connection.unregister("clean")
    return MarketingRecords(connection, "tables")


def noticed(tables, **options):
    """Code and record of every finding."""
    return {(finding.code, finding.record) for finding in check(records(tables), **options).findings}
