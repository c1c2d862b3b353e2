"""What needs attention in a comparison: what weakens its verdict, and what became worse."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from journey.money.format import format_dollars
from journey.statistics.means import CONFIDENCE, POWER
from scenarios.comparison.money import MIN_CUSTOMERS
from scenarios.metrics.definitions import format_metric
from scenarios.reports.experiment import INTERFERENCE, describe_ground_truth, format_tested_interval
from scenarios.text.phrases import format_confidence, format_interval, pluralise

if TYPE_CHECKING:
    from journey.statistics.means import Estimate
    from scenarios.comparison.compare import Comparison
    from scenarios.comparison.money import Return
    from scenarios.metrics.effects import Effect

HIGH_UTILISATION = 0.85
"""Share of the reviewers' working time from which waits grow quickly with every further request."""

HIGH_EXPIRY = 0.01
"""Share of the review requests from which expired ones are worth a look."""

MAX_WORSE = 2
"""Largest number of metrics to name that became worse."""

_CONFIDENCE = f"{100 * CONFIDENCE:.0f} %"


def attention_items(comparison: "Comparison") -> list[str]:
    """One item for each point, the most serious first."""
    return [
        *([] if comparison.precision is None else [comparison.precision.sentence]),
        *_few_customers(comparison),
        *_missing_replications(comparison),
        *_required_replications(comparison),
        *_beyond_horizon(comparison),
        *_worse_metrics(comparison),
        *_queue_items(comparison),
        *_design_items(comparison),
        *_assumed_money(comparison),
    ]


def _few_customers(comparison: "Comparison") -> Iterator[str]:
    fewest = min((returned.customers for returned in comparison.roi.values() if returned.note), default=None)
    if fewest is not None:
        yield (
            f"Only {fewest:,} customers were simulated in an arm: the interval of the net is too narrow; use "
            f"{MIN_CUSTOMERS:,}."
        )


def _missing_replications(comparison: "Comparison") -> Iterator[str]:
    primary = comparison.loaded.scenario.primary_metric
    for arm, effects in comparison.effects.items():
        effect = effects.get(primary)
        if effect is not None and 0 < effect.difference.n < comparison.used_replications:
            yield f"{arm}: {comparison.get_metric(primary).label} was {effect.note}."


def _required_replications(comparison: "Comparison") -> Iterator[str]:
    needed = [
        f"{arm} {finding.required_replications}"
        for arm, finding in comparison.verdict.findings.items()
        if finding.required_replications is not None
    ]
    if needed:
        yield (
            f"Replications that would show a difference of the observed size ({100 * POWER:.0f} % power): "
            f"{', '.join(needed)}."
        )


def _beyond_horizon(comparison: "Comparison") -> Iterator[str]:
    for arm, returned in comparison.roi.items():
        within, net = returned.parts.net_within.mean, returned.net.mean
        if net is not None and within is not None and within <= 0.0 < net:
            yield (
                f"{arm}: the gain rests on value beyond the horizon. Without it the net is "
                f"{_with_interval(returned.parts.net_within, partial(format_dollars, show_plus=True))}."
            )


def _with_interval(found: "Estimate", format_value: Callable[[float], str]) -> str:
    interval = format_interval(found.low, found.high, format_value, missing="")
    return f"{format_value(found.mean or 0.0)} ({f'{_CONFIDENCE} interval {interval}' if interval else 'no interval'})"


def _worse_metrics(comparison: "Comparison") -> Iterator[str]:
    for arm, effects in comparison.effects.items():
        worse = [
            f"{comparison.get_metric(name).label} {_describe_change(comparison, name, effect)}"
            for name, effect in effects.items()
            if name != comparison.loaded.scenario.primary_metric and _is_worse(comparison, name, effect)
        ]
        if worse:
            rest = f"; and {len(worse) - MAX_WORSE} more" if len(worse) > MAX_WORSE else ""
            yield f"{arm}: significantly worse: {'; '.join(worse[:MAX_WORSE])}{rest}."


def _is_worse(comparison: "Comparison", name: str, effect: "Effect") -> bool:
    better, difference = comparison.get_metric(name).better, effect.difference.mean
    if better is None or not difference or not effect.is_significant:
        return False
    return (difference > 0.0) == (better == "lower")


def _describe_change(comparison: "Comparison", name: str, effect: "Effect") -> str:
    unit = comparison.get_metric(name).unit
    change = format_metric(effect.difference.mean, unit, difference=True)
    interval = format_tested_interval(effect, unit)
    return f"{change} ({format_confidence(effect.tested.confidence)} interval {interval})"


def _queue_items(comparison: "Comparison") -> Iterator[str]:
    """Reviewers who are almost always busy, and review requests that expired; arms of an experiment share them."""
    busy = [
        f"{arm} {_format_mean(comparison, arm, 'gate_utilisation')}"
        for arm in comparison.arms
        if _mean(comparison, arm, "gate_utilisation") >= HIGH_UTILISATION
    ]
    if busy:
        yield f"Reviewers are almost always busy, utilisation {', '.join(busy)}."
    expired = [
        f"{arm} {_format_mean(comparison, arm, 'reviews_expired')} of {requests:,.0f} requests"
        for arm, funnel in comparison.funnels.items()
        if (requests := funnel["reviews"].total) and _mean(comparison, arm, "reviews_expired") >= HIGH_EXPIRY * requests
    ]
    if expired:
        yield f"Reviews expired: {', '.join(expired)}."


def _mean(comparison: "Comparison", arm: str, name: str) -> float:
    found = comparison.arms[arm].get(name)
    return 0.0 if found is None or found.mean is None else found.mean


def _format_mean(comparison: "Comparison", arm: str, name: str) -> str:
    return _with_interval(comparison.arms[arm][name], partial(format_metric, unit=comparison.get_metric(name).unit))


def _design_items(comparison: "Comparison") -> Iterator[str]:
    """What the design of the comparison asks of the reader."""
    if comparison.acquisition:
        yield "Each arm has other customers: compare totals, not rates or means per customer."
    if comparison.experiment is not None:
        yield INTERFERENCE
        for arm in comparison.effects:
            truth = describe_ground_truth(comparison, comparison.experiment, arm)
            if truth:
                yield truth


def _assumed_money(comparison: "Comparison") -> Iterator[str]:
    defaults = {name for returned in comparison.roi.values() for name in _default_lines(returned)}
    lines = {line.name for returned in comparison.roi.values() for line in returned.ledger.lines}
    if defaults:
        yield (
            f"{len(defaults)} of {pluralise(len(lines), 'money line')} use default prices, not checked for this "
            "company; effects are assumed."
        )


def _default_lines(returned: "Return") -> Iterator[str]:
    return (line.name for line in returned.ledger.lines if line.provenance == "default")
