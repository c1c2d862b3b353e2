"""The bundled campaigns as plain rows that tests can change, and the findings of the checks on them."""

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
    """Rows of all bundled record sets, by name of the set."""
    return deepcopy(_bundled())


def row(tables, dataset, key):
    """The row of a record set with the key `key`."""
    name = next(model.key for model in MARKETING_FAMILY.models if model.dataset == dataset)
    (found,) = (each for each in tables[dataset] if each[name] == key)
    return found


@cache
def _clean():
    """The bundled record sets after reading, as Arrow tables."""
    connection = MarketingRecords.from_tables(_bundled()).connection
    return {name: connection.sql(f"FROM {name}").to_arrow_table() for name in MARKETING_FAMILY.datasets}


@cache
def _unchanged():
    return _read({}, changed=[])


def records(tables):
    """Records of these rows, for reading only. Unchanged record sets are not read again.

    This saves time: planning the statement that types a set takes the database 10 to 20 ms, even for few rows.
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


def find_codes(tables, **options):
    """Code and record of all findings."""
    return {(finding.code, finding.record) for finding in check(records(tables), **options).findings}
