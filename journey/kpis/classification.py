"""Which stage a customer really was in when something was decided, as far as records tell.

A signal names the stage in which it met the customer, and a decision the stage in which the log had the customer. A
decision that came with a signal can be held against it: that is the truth that records have. Decisions that came of the
calendar alone have no such witness and do not count.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import NamedTuple

from journey.asof import AsOf
from journey.records.model import Intervention, Signal, StageEntry

FRESH = timedelta(days=1)
"""A signal older than this is no witness of where the customer is by now."""


class StagesJudged(NamedTuple):
    """Decisions by whether they were made with the right stage.

    Attributes:
        right: Made with the right stage.
        known: All whose right stage is known.
    """

    right: int
    known: int

    def plus(self, other: "StagesJudged") -> "StagesJudged":
        """Both together."""
        return StagesJudged(self.right + other.right, self.known + other.known)


NO_STAGES_JUDGED = StagesJudged(0, 0)


def stages_judged(
    interventions: Iterable[Intervention], signals: Sequence[Signal], entries: Sequence[StageEntry], as_of: AsOf
) -> StagesJudged:
    """One customer's decisions by `as_of` held against the signals they cite; all may come in any order."""
    by_id = {signal.signal_id: signal for signal in signals if signal.signal_id is not None}
    right, known = 0, 0
    for decision in interventions:
        if decision.journey_stage is None or decision.generated_at > as_of.cutoff:
            continue
        truth = true_stage(decision, by_id, entries)
        if truth is not None:
            known += 1
            right += truth == decision.journey_stage
    return StagesJudged(right, known)


def true_stage(decision: Intervention, signals: Mapping[str, Signal], entries: Sequence[StageEntry]) -> str | None:
    """The stage that the latest fresh signal of a decision names, or None without one, or where a move came between.

    Args:
        decision: The decision.
        signals: The customer's signals by id.
        entries: The customer's stage entries.
    """
    cited = [signals[key] for key in decision.triggered_by_signals if key in signals]
    until = decision.generated_at
    fresh = [signal for signal in cited if signal.journey_stage and until - FRESH <= signal.detected_at <= until]
    if not fresh:
        return None
    latest = max(fresh, key=lambda signal: (signal.detected_at, signal.signal_id or ""))
    if any(_between(entry.state_entered_at, latest.detected_at, until) for entry in entries):
        return None
    return latest.journey_stage


def _between(entered: datetime, signalled: datetime, decided: datetime) -> bool:
    """Whether a stage was entered after the signal and by the decision, or may have been where days are all we know."""
    if signalled < entered <= decided:
        return True
    bare = time.min in (entered.time(), signalled.time(), decided.time())
    return bare and signalled.date() <= entered.date() <= decided.date()
