"""The decision funnel: evaluations by reason, reviews by verdict, actions, and outcomes.

The last section counts distress episodes, treated and untreated (`scenarios.comparison.untreated_distress` has them by
stage and segment). Counts are means per cohort over replications. Each section is the sum of its parts: evaluations by
reason; review requests by verdict, with those still waiting at the end; distress episodes, treated and untreated.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING, Any, NamedTuple

from journey.decision.rules import BREAKS_RULE, REASONS
from scenarios.text.phrases import format_name

if TYPE_CHECKING:
    from simulation.metrics.run_results import Run

Counts = dict[str, float]

VERDICTS = ("approved", "overridden", "rejected", "expired", "withdrawn")
"""How a review request can end, in the order of tables."""

REASON_LABELS = {
    "act": "act",
    "no_evidence": "no evidence",
    "below_threshold": "below the threshold",
    "low_confidence": "evidence too weak",
    "no_play": "no playbook action",
    "open_intervention": "intervention in progress",
    "cooling_down": "in cool-down",
    "capped": "contact cap reached",
    "not_live": "has left",
    "no_stage": "stage unknown",
    "vetoed": "vetoed",
    "breaks_rule": "would break a rule",
}
TREATMENT_LABELS = {"helped": "treated", "got_nothing": "untreated"}
LABELS = {**REASON_LABELS, **TREATMENT_LABELS}


class FunnelSection(NamedTuple):
    """One step of the funnel.

    Attributes:
        key: Key in JSON.
        title: Row label in tables.
        total: Counts them in one run.
        parts: Counts them by result in one run; the parts add up to the total. Empty where a run has no breakdown.
    """

    key: str
    title: str
    total: Callable[["Run"], float]
    parts: Callable[["Run"], Counts]


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """A step of the funnel, as means per cohort.

    Attributes:
        title: Row label in tables.
        total: The count.
        parts: The counts by result, in order.
    """

    title: str
    total: float
    parts: Counts


_OF_RULES = REASONS[BREAKS_RULE]

Funnel = dict[str, FunnelStep]
"""The steps by key, in order."""


def _event_counter(name: str) -> Callable[["Run"], float]:
    return lambda run: float(run.events_by_kind.get(name, 0))


def _count_reasons(run: "Run") -> Counts:
    """Evaluations by reason, in the order of the rules. Reasons that never occurred count 0.

    The reason of declared rules is only listed where it occurred, because few scenarios have any.
    """
    counted = run.decisions_by_reason
    known = {reason: float(counted.get(reason, 0)) for reason in REASONS if reason in counted or reason != _OF_RULES}
    return {**known, **{reason: float(n) for reason, n in counted.items() if reason not in known}}


def _count_reviews(run: "Run") -> Counts:
    """Review requests by verdict, and those still waiting at the end."""
    waiting = _event_counter("review_requested")(run) - _event_counter("review_decided")(run)
    return {**{name: float(run.reviews_by_verdict.get(name, 0)) for name in VERDICTS}, "waiting": waiting}


def _count_outcomes(run: "Run") -> Counts:
    return {name: float(n) for name, n in run.outcomes.items()}


def _count_episodes(run: "Run") -> float:
    return float(sum(int(row["episodes"]) for row in run.unhelped))


def _by_treatment(run: "Run") -> Counts:
    untreated = float(sum(int(row["got_nothing"]) for row in run.unhelped))
    return {"helped": _count_episodes(run) - untreated, "got_nothing": untreated}


def _no_parts(_run: "Run") -> Counts:
    return {}


SECTIONS = (
    FunnelSection("evaluations", "evaluations", _event_counter("decision"), _count_reasons),
    FunnelSection("reviews", "review requests", _event_counter("review_requested"), _count_reviews),
    FunnelSection("actions", "actions", _event_counter("action"), _no_parts),
    FunnelSection("outcomes", "outcomes", _event_counter("outcome"), _count_outcomes),
    FunnelSection("distress", "distress episodes", _count_episodes, _by_treatment),
)
"""The sections of the funnel, in order."""


def build_funnel(runs: Sequence["Run"]) -> Funnel:
    """The funnel of one arm, as means over its replications (at least one)."""
    steps = {}
    for section in SECTIONS:
        counted = [section.parts(run) for run in runs]
        names = dict.fromkeys(name for parts in counted for name in parts)
        parts = {name: _mean(part.get(name, 0.0) for part in counted) for name in names}
        steps[section.key] = FunnelStep(section.title, _mean(section.total(run) for run in runs), parts)
    return steps


def _mean(counts: Iterable[float]) -> float:
    values = list(counts)
    return fsum(values) / len(values)


def as_dict(funnel: Funnel) -> dict[str, Any]:
    """The funnel as the command line's JSON: per step its total and its parts."""
    return {key: {"total": step.total, **step.parts} for key, step in funnel.items()}


def funnel_rows(funnels: Mapping[str, Funnel]) -> list[tuple[str, list[float], bool]]:
    """The funnels side by side: label, count by arm, and whether the row is a total.

    Parts that are 0 in every arm are omitted.

    Args:
        funnels: The funnels by arm.
    """
    table_rows: list[tuple[str, list[float], bool]] = []
    for section in SECTIONS:
        steps = [funnel[section.key] for funnel in funnels.values()]
        table_rows.append((section.title, [step.total for step in steps], True))
        for name in dict.fromkeys(name for step in steps for name in step.parts):
            counts = [step.parts.get(name, 0.0) for step in steps]
            if any(counts):
                table_rows.append((LABELS.get(name, format_name(name)), counts, False))
    return table_rows
