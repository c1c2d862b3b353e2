"""Names of the events of a customer's history, as rules write them.

A stage without a prefix is an entry into it, and the start in it. All other events have a prefix: ``move:convert``,
``signal:usage_drop``, ``action:checkin_call``, ``review:approved``, ``intervention:executed``. A move is two events:
the move, then the entry into the stage to which it leads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from journey.core.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STAGE = "stage"
MOVE = "move"
EVENT_KINDS = (STAGE, MOVE, "signal", "action", "review", "intervention")
"""Kinds of events. An action is an event when it is carried out, a review when it is decided."""

REVIEW_VERDICTS = ("approved", "rejected", "overridden", "expired", "withdrawn")

_PLURALS = {
    STAGE: "stages",
    MOVE: "moves",
    "signal": "signal types",
    "action": "actions",
    "review": "review decisions",
    "intervention": "statuses of interventions",
}


def split_event_name(name: str) -> tuple[str, str]:
    """The kind and the label of an event: ``move:convert`` gives ``("move", "convert")``, ``trial`` a stage."""
    kind, colon, label = name.partition(":")
    return (kind.strip(), label.strip()) if colon else (STAGE, name)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The labels of the events that can happen, by kind. None: unknown, so every label is accepted.

    Attributes:
        stages: The stages of the journey.
        moves: The names of its moves.
        signals: The signal types of the policy, or of all policies of a scenario.
        actions: Their actions.
        interventions: The statuses of interventions.
    """

    stages: Sequence[str]
    moves: Sequence[str]
    signals: Sequence[str] | None = None
    actions: Sequence[str] | None = None
    interventions: Sequence[str] | None = None

    def labels(self, kind: str) -> Sequence[str] | None:
        """The labels of a kind."""
        of_kind = {
            STAGE: self.stages,
            MOVE: self.moves,
            "signal": self.signals,
            "action": self.actions,
            "review": REVIEW_VERDICTS,
            "intervention": self.interventions,
        }
        return of_kind[kind]

    def find_unknown(self, names: Sequence[str]) -> Iterator[str]:
        """A sentence for each event that cannot happen because its label is unknown."""
        for name in names:
            kind, label = split_event_name(name)
            known = self.labels(kind)
            if known is not None and label not in known:
                yield f"{name!r} is not one of the {_PLURALS[kind]}{self._suggest(kind, label, known)}"

    def _suggest(self, kind: str, label: str, known: Sequence[str]) -> str:
        """The hint about an unknown label."""
        if kind == "review":  # Few words that look alike: a close spelling ("denied", "expired") is often a wrong one.
            return f"; known here: {', '.join(known)}"
        prefixed = [f"{other}:{label}" for other in EVENT_KINDS[1:] if label in (self.labels(other) or ())]
        if kind == STAGE and prefixed:
            return f"; did you mean {' or '.join(map(repr, prefixed))}?"
        return did_you_mean(label, known)
