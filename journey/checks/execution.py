"""Running the rules of one family of records: the SQL that turns the rows of each rule into findings."""

from collections.abc import Iterable, Iterator, Sequence

from journey.checks.registry import C, Rule


def build_finding_queries(
    rules: Iterable[Rule[C]], context: C, columns: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[str]:
    """Build one query for each rule that has a query.

    Each query returns the columns ``code, severity``, then `columns`, then `optional`.

    Args:
        rules: The rules, in the order in which they run.
        context: What the rules read.
        columns: Columns that the query of every rule has.
        optional: Columns that the query of a rule may have; NULL where it has not.
    """
    for rule in rules:
        sql = rule.query(context)
        if sql is None:
            continue
        severity = "severity" if _has_column(sql, "severity") else f"'{rule.severity}'"
        values = [*columns, *(name if _has_column(sql, name) else "NULL" for name in optional)]
        yield f"SELECT '{rule.code}', {severity}, {', '.join(values)} FROM ({sql})"


def _has_column(sql: str, name: str) -> bool:
    return f" AS {name}" in sql
