"""The bundled campaigns as plain rows that a test can change, and what the checks say about them then."""

import json
from copy import deepcopy
from functools import cache

from journey.marketing.checks import check
from journey.marketing.records.model import MARKETING_FAMILY
from journey.marketing.records.reading import BUNDLED, bundled_folder
from journey.marketing.records.store import MarketingRecords


@cache
def _bundled():
    folder = bundled_folder(BUNDLED)
    return {
        name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        for name in MARKETING_FAMILY.datasets
        if (folder / f"{name}.json").exists()
    }


def rows():
    """The rows of every bundled set, by name of the set."""
    return deepcopy(_bundled()) | {"marketing_log": []}


def row(tables, dataset, key):
    """The one row of a set whose key is `key`."""
    name = next(model.key for model in MARKETING_FAMILY.models if model.dataset == dataset)
    (found,) = (each for each in tables[dataset] if each[name] == key)
    return found


def records(tables):
    return MarketingRecords.from_tables(tables)


def noticed(tables, **options):
    """Code and record of every finding."""
    return {(finding.code, finding.record) for finding in check(records(tables), **options).findings}


def places(report):
    """Code, record (or campaign, where no single record is meant) and severity of every finding, sorted."""
    return sorted((f.code, f.record or f.campaign_id or f.dataset, str(f.severity)) for f in report.findings)
