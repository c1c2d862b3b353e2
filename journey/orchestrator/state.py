"""Load State: the customer's stage, its entry time, and doubts about the record."""

from collections.abc import Sequence
from typing import NamedTuple

from journey.decision.as_of import AsOf
from journey.machine import Journey
from journey.records.model import StageEntry

NO_STAGE_CODE = -1


class JourneyState(NamedTuple):
    """A customer's current stage.

    Attributes:
        stage: The recorded stage, or None without an entry.
        stage_code: The stage's index in the journey, or -1 when it is not one of its stages.
        days_in_stage: Days since it was entered, at least 0; None without an entry.
        gaps: Missing or doubtful parts of the record, one sentence each.
    """

    stage: str | None
    stage_code: int
    days_in_stage: float | None
    gaps: tuple[str, ...]


class JourneyStateEvaluator:
    """Determines a customer's state from the log of stage entries.

    The state is the latest entry up to the evaluation time. Among entries at the same time, an entry that another one
    names as its previous stage has been left again. Among the remaining entries the latest stage in the journey's order
    is used, so that the input order has no effect.
    """

    def __init__(self, journey: Journey) -> None:
        self._codes = {stage: code for code, stage in enumerate(journey.stages)}
        self._initial = frozenset(journey.initial)
        self._steps = frozenset((move.source, move.destination) for move in journey.moves)

    def evaluate(self, entries: Sequence[StageEntry], as_of: AsOf) -> JourneyState:
        """Return the state at `as_of`; the entries may be in any order."""
        cutoff = as_of.cutoff
        known = [entry for entry in entries if entry.state_entered_at <= cutoff]
        if not known:
            return JourneyState(None, NO_STAGE_CODE, None, ("no stage is recorded",))
        last = known[0] if len(known) == 1 else self._find_latest(known)
        stage = last.journey_stage
        days = as_of.age(last.state_entered_at)
        previous = last.previous_stage
        if previous is None and len(known) > 1:
            before = [entry for entry in known if entry.state_entered_at < last.state_entered_at]
            previous = self._find_latest(before).journey_stage if before else None
        code = self._codes.get(stage, NO_STAGE_CODE)
        return JourneyState(stage, code, max(days, 0.0), self._find_gaps(stage, previous))

    def _find_latest(self, known: list[StageEntry]) -> StageEntry:
        newest = max(entry.state_entered_at for entry in known)
        tied = [entry for entry in known if entry.state_entered_at == newest]
        left = {entry.previous_stage for entry in tied if entry.previous_stage != entry.journey_stage}
        return max(
            tied,
            key=lambda entry: (
                entry.journey_stage not in left,
                self._codes.get(entry.journey_stage, NO_STAGE_CODE),
                entry.journey_stage,
                entry.previous_stage or "",
            ),
        )

    def _find_gaps(self, stage: str, previous: str | None) -> tuple[str, ...]:
        if stage not in self._codes:
            return (f"the recorded stage {stage!r} is not a stage of the journey",)
        if previous is None:
            return () if stage in self._initial else (f"the stage before {stage} is not recorded",)
        if (previous, stage) not in self._steps:
            return (f"the last recorded move, {previous} to {stage}, is not legal",)
        return ()
