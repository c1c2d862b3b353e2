"""The decision funnel: what became of every evaluation, from the rules that took it out to the outcome of an action.

Distress comes last: episodes in which anything was done, and those in which nothing was
(`scenarios.comparison.untreated_distress` has them by stage and segment). Counts of one run become means per cohort
over replications. Sections add up: evaluations are the sum of their reasons; requests for review are those closed, by
verdict, and those still waiting at the end; episodes of distress are those helped and those that got nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING, Any, NamedTuple

from journey.decision.rules import REASONS
from scenarios.text.phrases import format_name

if TYPE_CHECKING:
    from simulation.metrics.run_results import Run

Counts = dict[str, float]

VERDICTS = ("approved", "overridden", "rejected", "expired", "withdrawn")
"""How a request for review can end, in the order in which people ask."""

REASON_LABELS = {
    "act": "act",
    "no_evidence": "no evidence",
    "below_threshold": "below the threshold",
    "low_confidence": "evidence too weak",
    "no_play": "no play for it",
    "open_intervention": "one is under way",
    "cooling_down": "cooling down",
    "capped": "contact cap reached",
    "not_live": "has left",
    "no_stage": "stage unknown",
    "vetoed": "vetoed",
}
TREATMENT_LABELS = {"helped": "something was done", "got_nothing": "got nothing"}
LABELS = {**REASON_LABELS, **TREATMENT_LABELS}


class FunnelSection(NamedTuple):
    """One step of the funnel.

    Attributes:
        key: In JSON.
        title: What is counted, for tables.
        total: How many there were of them in a run.
        parts: What became of them; the parts add up to the total. Empty where a run does not tell.
    """

    key: str
    title: str
    total: Callable[["Run"], float]
    parts: Callable[["Run"], Counts]


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """A step of the funnel, as means per cohort.

    Attributes:
        title: What is counted.
        total: How many.
        parts: What became of them, in order.
    """

    title: str
    total: float
    parts: Counts


Funnel = dict[str, FunnelStep]
"""The steps by key, in order."""


def _event_counter(name: str) -> Callable[["Run"], float]:
    return lambda run: float(run.events_by_kind.get(name, 0))


def _count_reasons(run: "Run") -> Counts:
    """By reason, in the order in which the rules look; reasons that never took anything out are counted as 0."""
    counted = run.decisions_by_reason
    known = {reason: float(counted.get(reason, 0)) for reason in REASONS}
    return {**known, **{reason: float(n) for reason, n in counted.items() if reason not in known}}


def _count_reviews(run: "Run") -> Counts:
    """By verdict, and those that still wait at the end."""
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
    FunnelSection("reviews", "requests for review", _event_counter("review_requested"), _count_reviews),
    FunnelSection("actions", "acted on", _event_counter("action"), _no_parts),
    FunnelSection("outcomes", "outcomes", _event_counter("outcome"), _count_outcomes),
    FunnelSection("distress", "episodes of distress", _count_episodes, _by_treatment),
)
"""What the funnel counts; a further step is a line here."""


def build_funnel(runs: Sequence["Run"]) -> Funnel:
    """The funnel of one arm, as means over its replications, at least one."""
    found = {}
    for section in SECTIONS:
        counted = [section.parts(run) for run in runs]
        names = dict.fromkeys(name for parts in counted for name in parts)
        parts = {name: _mean(part.get(name, 0.0) for part in counted) for name in names}
        found[section.key] = FunnelStep(section.title, _mean(section.total(run) for run in runs), parts)
    return found


def _mean(counts: Iterable[float]) -> float:
    known = list(counts)
    return fsum(known) / len(known)


def as_dict(funnel: Funnel) -> dict[str, Any]:
    """The funnel as the command line's JSON: per step its total, and beside it its parts."""
    return {key: {"total": step.total, **step.parts} for key, step in funnel.items()}


def funnel_rows(funnels: Mapping[str, Funnel]) -> list[tuple[str, list[float], bool]]:
    """The funnels side by side: label, count by arm, whether it is a total. Parts that are 0 in every arm are left out.

    Args:
        funnels: By arm.
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
