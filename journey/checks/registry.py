"""The definition of a check, and the registry of all checks.

A check is a small named function that returns one SQL query; each row of the result becomes a finding. The query has
the columns ``dataset, record, customer_id, message``, and may add ``severity`` where rows differ. It reads the clean
tables of `journey.records` and the tables of `journey.checks.context`, and ignores rows dated after `as_of`.
Checks are SQL queries because a Python loop over ten million signals would be too slow.

To add a check, write a function in the module of its subject, decorate it with `rule`, and give it a docstring of two
sentences: the problem, and ``Remedy:`` with what to do about it. The check is then listed, run and counted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from journey.checks.context import Context
from journey.core.findings import FindingSeverity

_REMEDY = "Remedy: "
"""Begins the paragraph of a check's docstring that states what to do."""

C = TypeVar("C")
"""The context that a check reads; each family of records has its own type."""


@dataclass(frozen=True, slots=True)
class Rule(Generic[C]):
    """One check.

    Attributes:
        code: Stable identifier of its findings, in kebab-case.
        severity: The severity of its findings.
        query: Returns the SQL for a context, or None when there is nothing to query.
    """

    code: str
    severity: FindingSeverity
    query: Callable[[C], str | None]

    @property
    def description(self) -> str:
        """The problem that the check finds, in one sentence."""
        return (self.query.__doc__ or "").strip().splitlines()[0]

    @property
    def remedy(self) -> str:
        """What to do about it, in one sentence."""
        paragraph = (self.query.__doc__ or "").partition(_REMEDY)[2].split("\n\n")[0]
        sentence = " ".join(paragraph.split())
        return sentence[:1].upper() + sentence[1:]


class Registry(Generic[C]):
    """The checks of one family of records.

    Attributes:
        checks: Every check, in order of registration.
    """

    def __init__(self) -> None:
        self.checks: list[Rule[C]] = []

    def rule(
        self, code: str, severity: FindingSeverity
    ) -> Callable[[Callable[[C], str | None]], Callable[[C], str | None]]:
        """Register a function as a check.

        Args:
            code: Stable identifier of its findings, in kebab-case.
            severity: The severity of its findings.
        """

        def register(query: Callable[[C], str | None]) -> Callable[[C], str | None]:
            self.checks.append(Rule(code, severity, query))
            return query

        return register


Check = Rule[Context]
_REGISTRY: Registry[Context] = Registry()
CHECKS = _REGISTRY.checks
rule = _REGISTRY.rule
