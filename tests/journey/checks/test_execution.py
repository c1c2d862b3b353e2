"""The SQL that turns the rows of a rule into findings."""

from journey.checks.execution import build_finding_queries
from journey.checks.registry import Rule
from journey.core.findings import FindingSeverity

COLUMNS = ("dataset", "message")


def queries(*rules, optional=()):
    return list(build_finding_queries([Rule(*rule) for rule in rules], {"day": 3}, COLUMNS, optional))


def test_a_query_returns_code_severity_and_columns():
    rule = ("late", FindingSeverity.WARNING, lambda context: f"SELECT 'a' AS dataset, {context['day']} AS message")
    assert queries(rule) == ["SELECT 'late', 'warning', dataset, message FROM (SELECT 'a' AS dataset, 3 AS message)"]


def test_rows_may_have_their_own_severity_and_optional_columns():
    plain = ("plain", FindingSeverity.ERROR, lambda _: "SELECT 1 AS dataset, 2 AS message")
    graded = (
        "graded",
        FindingSeverity.ERROR,
        lambda _: "SELECT 1 AS dataset, 2 AS message, 3 AS severity, 4 AS amount",
    )
    first, second = queries(plain, graded, optional=("amount",))
    assert first.startswith("SELECT 'plain', 'error', dataset, message, NULL FROM")
    assert second.startswith("SELECT 'graded', severity, dataset, message, amount FROM")


def test_a_rule_may_have_no_query():
    assert queries(("none", FindingSeverity.NOTICE, lambda _: None)) == []
