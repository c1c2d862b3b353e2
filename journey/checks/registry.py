"""What a check is, and the list of all of them.

A check is a small named function that returns one SQL query; each row of its answer becomes a finding. The query has
the columns ``dataset, record, customer_id, message`` (and may add ``severity`` where rows differ), reads the clean
tables of `journey.records` and the tables of `journey.checks.context`, and looks at nothing dated after `as_of`.
Checks work by column because ten million signals do not fit through a loop.

To add one: write the function in the module of its subject, decorate it with `rule`, and give it a docstring of one
sentence; it is listed, run and counted from then on.
"""

from collections.abc import Callable
from dataclasses import dataclass

from journey.checks.context import Context
from journey.findings import FindingSeverity

Query = Callable[[Context], str | None]


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        code: Stable identifier of its findings, in kebab-case.
        severity: How much they matter.
        query: Gives the SQL for a context, or None when there is nothing to ask.
    """

    code: str
    severity: FindingSeverity
    query: Query

    @property
    def description(self) -> str:
        """What it notices, in one sentence."""
        return (self.query.__doc__ or "").strip().splitlines()[0]


CHECKS: list[Check] = []
"""Every check, in the order in which they were written down."""


def rule(code: str, severity: FindingSeverity) -> Callable[[Query], Query]:
    """Register a function as a check.

    Args:
        code: Stable identifier of its findings, in kebab-case.
        severity: How much they matter.
    """

    def register(query: Query) -> Query:
        CHECKS.append(Check(code, severity, query))
        return query

    return register
