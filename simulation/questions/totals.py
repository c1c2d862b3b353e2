"""What an answer is computed from: totals over customers, by segment and risk tier."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from journey.decision.policy import TIERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from simulation.questions.question import Question

CustomerKind = tuple[str, str]
"""A segment and a risk tier."""


class Totals(NamedTuple):
    """Totals over some customers, as numbers of customers or, in exact results, as shares of the population.

    Attributes:
        numerator: What is asked, added up: customers that reach a stage, days, or visits. Infinite if it never ends.
        denominator: The customers that it is a mean over.
        undecided: The customers whose outcome is not known at the end of the run. They are in the denominator,
            except where only customers that enter the stage count.
        failed: The customers that never reach the stage.
    """

    numerator: float
    denominator: float
    undecided: float = 0.0
    failed: float = 0.0

    def __add__(self, other: object) -> Totals:
        """The totals over the customers of both."""
        if not isinstance(other, Totals):
            return NotImplemented
        return Totals(*(one + two for one, two in zip(self, other, strict=True)))

    def scale(self, weight: float) -> Totals:
        """The totals of customers who are this share of a population; nothing of infinity is nothing."""
        return Totals(*(weight * value if weight > 0.0 else 0.0 for value in self))

    @property
    def value(self) -> float | None:
        """The mean; None if there is no customer."""
        return self.numerator / self.denominator if self.denominator > 0.0 else None


NOTHING = Totals(0.0, 0.0)


class Part(NamedTuple):
    """A part of the population: a segment, a tier, both, or with None for both all customers."""

    segment: str | None
    tier: str | None

    def contains(self, kind: CustomerKind) -> bool:
        """Whether customers of this kind belong to the part."""
        return self.segment in (None, kind[0]) and self.tier in (None, kind[1])


def list_parts(question: Question, kinds: Sequence[CustomerKind]) -> list[Part]:
    """The parts that a question asks about, one answer each.

    Args:
        question: The question.
        kinds: The kinds of customers that exist.
    """
    segments = dict.fromkeys(segment for segment, _ in kinds)
    tiers = [tier for tier in TIERS if any(tier == of_kind for _, of_kind in kinds)]
    by_segment: Sequence[str | None] = [*segments] if question.by_segment else [question.segment]
    by_tier: Sequence[str | None] = tiers if question.by_tier else [question.tier]
    parts = [Part(segment, tier) for segment in by_segment for tier in by_tier]
    existing = [part for part in parts if any(part.contains(kind) for kind in kinds)]
    return existing or [Part(question.segment, question.tier)]


def add_up(totals: Mapping[CustomerKind, Totals], part: Part) -> Totals:
    """The totals over the customers of a part."""
    return add_all(of_kind for kind, of_kind in totals.items() if part.contains(kind))


def add_all(totals: Iterable[Totals]) -> Totals:
    """The sum of several totals."""
    result = NOTHING
    for each in totals:
        result += each
    return result
