"""Which stage a customer really was in when something was decided, as far as the records tell in hindsight.

A stage entry says where the customer came from. That is the stage in which the decisions before it found the customer,
whatever the log had by then: the entry before may be of another stage, or may be missing.

In hindsight only: of the last stay nothing later is known, so decisions made in it do not count. Where an entry is
missing between two others, the decisions before it count as made with the wrong stage although some of them came before
the missing move: the share is too low rather than too high.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, time
from typing import NamedTuple

from journey.asof import AsOf
from journey.records.model import Intervention, StageEntry


class StagesJudged(NamedTuple):
    """Decisions by whether they were made with the right stage.

    Attributes:
        right: Made with the right stage.
        known: All whose right stage is known.
    """

    right: int
    known: int

    def __add__(self, other: object) -> "StagesJudged":
        """Both together."""
        if not isinstance(other, StagesJudged):
            return NotImplemented
        return StagesJudged(self.right + other.right, self.known + other.known)


NO_STAGES_JUDGED = StagesJudged(0, 0)


def stages_judged(interventions: Sequence[Intervention], entries: Sequence[StageEntry], as_of: AsOf) -> StagesJudged:
    """One customer's decisions by `as_of` held against what the entries by `as_of` say; both may come in any order."""
    log = sorted((entry for entry in entries if entry.state_entered_at <= as_of.cutoff), key=_moment)
    moments = [entry.state_entered_at for entry in log]
    right, known = 0, 0
    for decision in interventions:
        if decision.journey_stage is None or decision.generated_at > as_of.cutoff:
            continue
        place = bisect_right(moments, decision.generated_at)
        truth = log[place].previous_stage if place < len(log) else None
        if truth is not None and not _same_day(decision.generated_at, moments):
            known += 1
            right += truth == decision.journey_stage
    return StagesJudged(right, known)


def _moment(entry: StageEntry) -> datetime:
    return entry.state_entered_at


def _same_day(decided: datetime, moments: Sequence[datetime]) -> bool:
    """Whether a stage was entered on the day of the decision, and bare dates leave it open which came first."""
    return any(decided.date() == moment.date() and time.min in (decided.time(), moment.time()) for moment in moments)
