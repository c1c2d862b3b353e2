"""The findings by code: severity, meaning and remedy, from the checks."""

from collections.abc import Iterable
from typing import Any

from journey.checks.registry import Rule
from journey.checks.runner import CHECKS
from journey.marketing.checks.runner import CHECKS as MARKETING_CHECKS
from tests.documentation.reference.markdown import build_page, build_table, code

COLUMNS = ("code", "severity", "meaning", "remedy")
INTRO = """The findings of `journey check`, `journey evaluate` and `journey campaigns`, by code. Codes are stable: a
script may match on them. Records never stop a command; a finding states what was found and its consequence.

* An **error** means that a record cannot be right, or that a rule was broken.
* A **warning** means that a result may be misleading.
* A **notice** is worth knowing.

In some cases a finding has another severity than the one listed here."""

READING = (
    ("missing-value", "error", "A required value is missing, so the row is set aside.", "Add the value."),
    (
        "wrong-type", "error", "A value, required or optional, is not of the column's type, so the row is set aside.",
        "Correct the value, or leave it empty if the column is optional.",
    ),
    ("unreadable-row", "error", "A row of the file is malformed, so it is set aside.", "Correct the row."),
    (
        "time-zone-converted", "notice", "Times with a time zone were converted to UTC.",
        "Nothing; or write all times in one zone, without stating it.",
    ),
    ("not-a-date", "error", "A value is not a date, so the row is set aside.", "Write dates as 2025-01-31."),
    (
        "out-of-range", "error",
        "A required value is outside the column's range; the row is set aside. An optional one is dropped (a warning).",
        "Correct the value; a share is from 0 to 1, a date from 1900 to 2199.",
    ),
    (
        "missing-word", "notice", "A word such as NA or NULL in an optional column was read as a missing value.",
        "Nothing, if it means that; otherwise use another word.",
    ),
    (
        "number-style", "notice", "A column of numbers has decimal commas, or commas between thousands.",
        "Nothing; or write numbers as 1234.5.",
    ),
    (
        "mixed-number-styles", "warning",
        "A column has decimal commas and points; rows with 9.000, which could be either, are set aside.",
        "Write all its numbers as 1234.5.",
    ),
    (
        "ambiguous-numbers", "warning",
        "Every number of a column, such as 9.000, could be a fraction or thousands; the message says how it was read.",
        "Write the numbers with another number of decimals, or as whole numbers.",
    ),
    (
        "flattened-identifier", "warning", "Identifiers look like numbers that a spreadsheet has shortened.",
        "Export the column as text.",
    ),
    (
        "mixed-time-zones", "warning",
        "Some times of a column have a time zone and some have none, so the order of close times is unknown.",
        "Give all its times a zone, or none.",
    ),
    (
        "unknown-value", "error", "A value is not one of the column's choices, so the row is set aside.",
        "Use one of the values that the message lists.",
    ),
    (
        "duplicate-key", "error", "Two rows with the same key differ; the later one is set aside.",
        "Remove one of the rows, or correct its key.",
    ),
    (
        "missing-set", "notice", "A set has no file; results that need it are not available.",
        "Add the file, if the company has such records.",
    ),
    ("empty-set", "notice", "The file of a set has no rows.", "Check the export."),
    ("set-in-several-files", "notice", "A set is in several files, which are read together.", "Nothing."),
    ("unknown-file", "notice", "A file in the folder is not a set, and is not read.", "Rename the file."),
    ("unknown-column", "notice", "A column is not a column of the set, and is not used.", "Rename the column."),
    ("column-renamed", "notice", "A column was read under the name of a known column.", "Nothing."),
    ("spelling-tidied", "notice", "A value was read in its usual spelling.", "Nothing."),
)  # fmt: skip
"""Findings of reading files, which come from SQL by column and not from checks."""

APPROVALS = (
    (
        "approval-policy", "error", "A recorded action lacks an approval that the policy demands.",
        "Record the approval; to allow such actions, change `thresholds` of the policy.",
    ),
)  # fmt: skip

RULES = (
    (
        "rule-broken", "error",
        "A customer's history breaks a declared rule of `[[rules]]`; the severity is that of the rule.",
        "Find out why; or correct the records or the rule.",
    ),
)  # fmt: skip

JOURNEYS = (
    ("unreachable-stage", "warning", "No path from an initial stage leads to the stage.", "Add a move, or remove it."),
    (
        "dead-end-stage",
        "warning",
        "A stage is not terminal, and no move leaves it.",
        "Add a move, or make it terminal.",
    ),
    ("cannot-finish", "warning", "No path from the stage leads to a terminal stage.", "Add a move towards the end."),
)
"""Findings about the stages and moves of a journey of your own."""


def build_findings() -> str:
    """The page of all findings."""
    reading = {row[0] for row in READING}
    return build_page(
        "Findings",
        INTRO,
        "## Reading files",
        _build_rows(READING),
        "## Customers",
        _build_rows([*APPROVALS, *RULES, *_describe(CHECKS)]),
        "## Campaigns",
        _build_rows(row for row in _describe(MARKETING_CHECKS) if row[0] not in reading),
        "## Journeys",
        _build_rows(JOURNEYS),
    )


def _describe(checks: Iterable[Rule[Any]]) -> list[tuple[str, ...]]:
    return [(check.code, str(check.severity), check.description, check.remedy) for check in checks]


def _build_rows(findings: Iterable[tuple[str, ...]]) -> str:
    rows = sorted(findings, key=lambda row: (("error", "warning", "notice").index(row[1]), row[0]))
    return build_table(COLUMNS, [(code(name), *rest) for name, *rest in rows])
