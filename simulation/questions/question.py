"""A question as data; `simulation.questions.grammar` reads it from text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

QuestionKind = Literal["reach", "stay", "time", "visits", "share"]
"""What is asked: the probability of reaching a stage or of staying in it, the time to it, visits to it, or the share of
time in it."""

QuestionUnit = Literal["share", "days", "count"]

UNITS: dict[QuestionKind, QuestionUnit] = {
    "reach": "share",
    "stay": "share",
    "time": "days",
    "visits": "count",
    "share": "share",
}
"""Unit of the answer by kind of question; a share is in [0, 1]."""


@dataclass(frozen=True)
class Question:
    """A question about one stage.

    Attributes:
        text: The question as it was asked.
        kind: What is asked.
        stage: The stage that it is about.
        before: Another stage that must not be reached before, or None.
        days: Days within which something happens, or for `stay` the days that must be exceeded; None without a limit.
        if_reached: Whether only customers that reach the stage count.
        start: The stage in which all customers begin, new and calm. None: where the scenario's customers begin.
        segment: The only segment that counts, or None for all.
        tier: The only risk tier that counts, or None for all.
        by_segment: Whether there is an answer for each segment.
        by_tier: Whether there is an answer for each risk tier.
    """

    text: str
    kind: QuestionKind
    stage: str
    before: str | None = None
    days: float | None = None
    if_reached: bool = False
    start: str | None = None
    segment: str | None = None
    tier: str | None = None
    by_segment: bool = False
    by_tier: bool = False

    @property
    def unit(self) -> QuestionUnit:
        """Unit of the answer."""
        return UNITS[self.kind]

    @property
    def origin(self) -> str | None:
        """The stage in which all customers begin; that of a stay is its own stage. None: the scenario's customers."""
        return self.stage if self.start is None and self.kind == "stay" else self.start

    @property
    def ends(self) -> frozenset[str]:
        """The stages at which the answer is known, so that what happens after them does not matter."""
        if self.kind in ("reach", "time"):
            return frozenset((self.stage,) if self.before is None else (self.stage, self.before))
        return frozenset()
