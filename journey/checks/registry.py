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
from typing import Generic, TypeVar

from journey.checks.context import Context
from journey.core.findings import FindingSeverity

C = TypeVar("C")
"""What a check may look at: the context of its family of records."""


@dataclass(frozen=True, slots=True)
class Rule(Generic[C]):
    """One check.

    Attributes:
        code: Stable identifier of its findings, in kebab-case.
        severity: How much they matter.
        query: Gives the SQL for a context, or None when there is nothing to ask.
    """

    code: str
    severity: FindingSeverity
    query: Callable[[C], str | None]

    @property
    def description(self) -> str:
        """What it notices, in one sentence."""
        return (self.query.__doc__ or "").strip().splitlines()[0]


class Registry(Generic[C]):
    """The checks of one family of records.

    Attributes:
        checks: Every check, in the order in which they were written down.
    """

    def __init__(self) -> None:
        self.checks: list[Rule[C]] = []

    def rule(
        self, code: str, severity: FindingSeverity
    ) -> Callable[[Callable[[C], str | None]], Callable[[C], str | None]]:
        """Register a function as a check.

        Args:
            code: Stable identifier of its findings, in kebab-case.
            severity: How much they matter.
        """

        def register(query: Callable[[C], str | None]) -> Callable[[C], str | None]:
            self.checks.append(Rule(code, severity, query))
            return query

        return register


Check = Rule[Context]
_REGISTRY: Registry[Context] = Registry()
CHECKS = _REGISTRY.checks
rule = _REGISTRY.rule
