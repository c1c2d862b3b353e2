"""Answers from totals: values, intervals, and the reasons for them."""

from __future__ import annotations

from dataclasses import dataclass
from math import isclose, isinf
from typing import TYPE_CHECKING, Any, Literal

from journey.statistics.ratios import mean_ratio_interval
from journey.statistics.score_intervals import wilson_interval
from simulation.questions.totals import Part, Totals, add_all, add_up, list_parts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulation.model.arm import ArmSpec
    from simulation.questions.question import Question, QuestionUnit
    from simulation.questions.totals import CustomerKind

Method = Literal["exact", "simulated"]

MAX_UNDECIDED = 1e-3
"""Largest share of customers with an unknown outcome for which the share of the others is reported. No mean of days or
visits is: the unknown ones would be the largest."""

_MAX_REASONS = 3
"""Reasons that are listed; further ones are counted."""


@dataclass(frozen=True)
class Answer:
    """The answer to a question for all customers, or for one part of them.

    Attributes:
        question: The question as it was asked.
        value: The value; None if it is infinite or unknown, and `reason` says why.
        ci_low: Lower bound of the 95 % interval, over replications. None if the value is exact or unknown, with one
            replication, and where a mean has no spread over replications or too few customers.
        ci_high: Upper bound.
        method: ``exact`` or ``simulated``.
        reason: Why this method, and why there is no value if there is none.
        replications: Number of replications; None if the value is exact.
        unit: ``share`` (0 to 1), ``days`` or ``count``.
        segment: The only segment that counts; None for all.
        tier: The only risk tier that counts; None for all.
        off: What the scenario has and the answer does without.
    """

    question: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    method: Method
    reason: str
    replications: int | None
    unit: QuestionUnit
    segment: str | None = None
    tier: str | None = None
    off: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The answer as the command line's JSON."""
        return {**vars(self), "off": list(self.off)}


def answer_exactly(
    question: Question, totals: Mapping[CustomerKind, Totals], off: tuple[str, ...] = ()
) -> list[Answer]:
    """The answers to a question, one for each part that it asks about.

    Args:
        question: The question.
        totals: Exact totals by kind of customer (`simulation.questions.exact_totals`).
        off: What the scenario has and the answer does without.
    """
    return [_answer_part_exactly(question, part, add_up(totals, part), off) for part in list_parts(question, [*totals])]


def _answer_part_exactly(question: Question, part: Part, totals: Totals, off: tuple[str, ...]) -> Answer:
    problem = _find_problem(question, totals)
    value = None if problem else totals.value
    if value is not None and question.unit == "share":
        value = min(1.0, max(0.0, value))
    reason = problem or _describe_exact(question)
    return Answer(question.text, value, None, None, "exact", reason, None, question.unit, *part, off)


def _describe_exact(question: Question) -> str:
    if question.days is not None:
        how = "matrix exponential"
    elif question.kind == "share":
        how = "stationary distribution"
    else:
        how = "fundamental matrix"
    return f"customers follow a continuous-time Markov chain: {how}"


def _find_problem(question: Question, totals: Totals) -> str | None:
    """Why there is no value, or None."""
    stage = f'"{question.stage}"'
    if totals.denominator <= 0.0:
        return f"no customer enters {stage}" if _counts_entries(question) else "no customer that the question is about"
    if totals.failed > 0.0:
        return (
            f"{_format_share(totals.failed / totals.denominator)} of the customers never reach {stage}, so the "
            f"expected time is infinite; ask for E(time to {stage} if reached), or for the time within a number of days"
        )
    if isinf(totals.numerator):
        return f"customers enter {stage} again and again without end; ask for the visits within a number of days"
    return None


def _format_share(share: float) -> str:
    percent = 100.0 * share
    return "less than 0.01 %" if percent < 0.01 else f"{min(percent, 99.99) if share < 1.0 else percent:.4g} %"


def answer_from_runs(
    question: Question,
    runs: Sequence[Mapping[CustomerKind, Totals]],
    days: float,
    obstacles: Sequence[str],
    off: tuple[str, ...] = (),
) -> list[Answer]:
    """The answers to a question, one for each part that it asks about.

    Args:
        question: The question.
        runs: Totals by kind of customer, for each replication (`simulation.questions.simulated_totals`).
        days: Length of a run, in days.
        obstacles: Why there is no exact answer.
        off: What the scenario has and the answer does without.
    """
    kinds = list(dict.fromkeys(kind for run in runs for kind in run))
    return [
        _answer_part_from_runs(question, part, [add_up(run, part) for run in runs], days, obstacles, off)
        for part in list_parts(question, kinds)
    ]


def _answer_part_from_runs(
    question: Question,
    part: Part,
    runs: Sequence[Totals],
    days: float,
    obstacles: Sequence[str],
    off: tuple[str, ...],
) -> Answer:
    totals = add_all(runs)
    reasons = [_join_reasons(obstacles)] if obstacles else []
    problem = _find_problem(question, totals) or _find_doubt(question, totals, days)
    value, low, high = (None, None, None) if problem else _estimate(question, runs)
    reasons += [problem] if problem else _describe_runs(question, totals, days)
    if not problem and low is None and len(runs) > 1:
        reasons.append(_describe_missing_interval(runs))
    return Answer(
        question.text, value, low, high, "simulated", "; ".join(reasons), len(runs), question.unit, *part, off
    )


def _join_reasons(reasons: Sequence[str]) -> str:
    more = len(reasons) - _MAX_REASONS
    return "; ".join(reasons[:_MAX_REASONS]) + (f"; and {more} more" if more > 0 else "")


def find_undecided(question: Question, totals: Totals) -> float:
    """Share of the customers whose outcome is not known at the end of the run.

    The others are all customers; or those that enter the stage, if only these count.
    """
    others = totals.denominator if _counts_entries(question) else totals.denominator - totals.undecided
    of_all = others + totals.undecided
    return totals.undecided / of_all if of_all > 0.0 else 0.0


def _counts_entries(question: Question) -> bool:
    """Whether only customers that enter the stage count, so that undecided ones are not in the denominator."""
    return question.if_reached or question.kind == "stay"


def is_settled(question: Question, totals: Totals) -> bool:
    """Whether so few outcomes are unknown that the runs are long enough."""
    return find_undecided(question, totals) <= (MAX_UNDECIDED if question.unit == "share" else 0.0)


def _find_doubt(question: Question, totals: Totals, days: float) -> str | None:
    """Why a mean is not reported although there are customers, or None."""
    if question.kind == "reach" or is_settled(question, totals):
        return None
    undecided = find_undecided(question, totals)
    return (
        f"the outcome of {_format_share(undecided)} of the customers is not known after {days:,.0f} days; ask "
        "for a number of days, or simulate more of them with --days"
    )


def _describe_runs(question: Question, totals: Totals, days: float) -> list[str]:
    """What a reader must know of the runs."""
    is_long_run = question.kind == "share" and question.days is None
    since = [f"the long run is days {days / 2.0:,.0f} to {days:,.0f}"] if is_long_run else []
    return since + _describe_undecided(question, totals, days)


def _describe_undecided(question: Question, totals: Totals, days: float) -> list[str]:
    undecided = find_undecided(question, totals)
    if undecided == 0.0:
        return []
    share = _format_share(undecided)
    if question.kind == "reach":
        return [f"{share} of the customers are undecided after {days:,.0f} days: the interval has both outcomes"]
    counts = " and do not count" if question.kind == "stay" else ""
    return [f"{share} of the customers are undecided after {days:,.0f} days{counts}"]


def _estimate(question: Question, runs: Sequence[Totals]) -> tuple[float | None, float | None, float | None]:
    """The value and its interval."""
    totals = add_all(runs)
    weights = [run.denominator for run in runs]
    low, high = _find_interval(question, [run.numerator for run in runs], weights)
    if totals.undecided > 0.0 and question.kind == "reach":
        _, high = _find_interval(question, [run.numerator + run.undecided for run in runs], weights)
    return totals.value, low, high


def _find_interval(
    question: Question, values: Sequence[float], weights: Sequence[float]
) -> tuple[float | None, float | None]:
    if len(values) < 2:
        return None, None
    interval = None if _is_constant(values, weights) else mean_ratio_interval(values, weights)
    if interval is None and question.kind in ("reach", "stay"):
        # Without spread, or with too few customers, there is no t interval, but the customers are counts.
        proportion = wilson_interval(int(sum(values)), int(sum(weights)))
        return proportion.low, proportion.high
    if interval is None:
        return None, None
    low, high = interval
    return (max(0.0, low), min(1.0, high)) if question.unit == "share" else (max(0.0, low), high)


def _is_constant(values: Sequence[float], weights: Sequence[float]) -> bool:
    """Whether all replications have the same ratio, except for rounding. An interval from them would have no width."""
    total, whole = sum(values), sum(weights)
    return all(
        isclose(value * whole, total * weight, rel_tol=1e-12) for value, weight in zip(values, weights, strict=True)
    )


def _describe_missing_interval(runs: Sequence[Totals]) -> str:
    if _is_constant([run.numerator for run in runs], [run.denominator for run in runs]):
        return "no interval, because the value is the same in every replication"
    return "no interval, because too few customers count"


def list_differences(arm_spec: ArmSpec, question: Question, method: Method) -> tuple[str, ...]:
    """What the scenario has and the answer does without.

    Args:
        arm_spec: The arm of the scenario.
        question: The question.
        method: How it is answered. Where it is exact, no orchestrator can act, so that signals and the account value
            have no effect on stages.
    """
    world, population = arm_spec.world, arm_spec.population
    causes = world.distress.causes.values()
    signals = any(world.signals.false_per_day.values()) or any(rate for c in causes for rate in c.symptoms.values())
    exact, moved = method == "exact", question.origin is not None
    differences = {
        "orchestrator": exact and arm_spec.active,
        "signals": exact and signals,
        "changes of the account value": exact and bool(world.value_changes),
        "the scenario's stages on day 0": moved and (bool(population.start) or population.records is not None),
        "stays that began before day 0": moved and population.in_mid_stay,
        "distress on day 0": moved and (population.in_distress or population.records is not None),
        "arrivals": moved and population.arrivals is not None,
    }
    return tuple(name for name, applies in differences.items() if applies)
