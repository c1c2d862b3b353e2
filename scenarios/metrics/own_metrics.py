"""The definitions of the metrics that a scenario declares, in words."""

from collections.abc import Mapping
from typing import Literal

from scenarios.metrics.definitions import BUILT_IN, Metric
from scenarios.text.phrases import format_name
from simulation.metrics.metric_names import parse_part
from simulation.model.metric_spec import ALL_STAGES, MetricSpec, StageAtEnd, split_event

OWN = "own metrics"
"""The group of the metrics that a scenario declares."""

_Part = Literal["segment", "tier"]
_BY: tuple[_Part, ...] = ("segment", "tier")


def describe_own_metrics(specs: Mapping[str, MetricSpec], sources: Mapping[str, str]) -> dict[str, Metric]:
    """The definitions of a scenario's own metrics by name.

    Args:
        specs: The metrics, which need not have passed every check.
        sources: By name, the file and the key that declare a metric.
    """
    parts = _find_parts(specs)
    return {
        name: _describe(name, spec, parts[name], sources.get(name, f"metrics.{name}")) for name, spec in specs.items()
    }


def _describe(name: str, spec: MetricSpec, parts: tuple[_Part, ...], source: str) -> Metric:
    return Metric(
        label=spec.label or format_name(name),
        unit=spec.unit,
        better=_find_better_direction(spec),
        meaning=_MEANINGS[spec.measure](spec),
        unknown_if=_UNKNOWN_IF.get(spec.measure, "not measured"),
        group=OWN,
        by=parts,
        source=source,
        is_proportion=spec.measure in ("reached", "share_of"),
        is_censored=spec.measure in ("reached", "time_to"),
        smallest_effect=spec.smallest_effect,
    )


def _find_better_direction(spec: MetricSpec) -> Literal["lower", "higher"] | None:
    """What the metric states, or what its guardrail implies; more revenue and more value are better."""
    if spec.better is not None or spec.unit == "dollars":
        return spec.better or "higher"
    if spec.guardrail:
        return "higher" if spec.guardrail < 0.0 else "lower"
    return None


def _find_parts(specs: Mapping[str, MetricSpec]) -> dict[str, tuple[_Part, ...]]:
    """What each metric can be split by; a ratio, by what both of its metrics can be.

    Ratios of ratios are resolved one level after the other, not by recursion: a file may have thousands of them.
    """
    parts: dict[str, tuple[_Part, ...]] = {name: _BY for name, spec in specs.items() if spec.ratio is None}
    waiting = {name: spec.ratio for name, spec in specs.items() if spec.ratio is not None}
    while ready := [name for name, ratio in waiting.items() if waiting.keys().isdisjoint(ratio)]:
        for name in ready:
            known = [_get_parts(each, parts) for each in waiting.pop(name)]
            parts[name] = tuple(part for part in _BY if all(part in each for each in known))
    # What remains is defined by itself, which the checks report.
    return parts | dict.fromkeys(waiting, ())


def _get_parts(name: str, own: Mapping[str, tuple[_Part, ...]]) -> tuple[_Part, ...]:
    """What a metric can be split by; nothing, if its name already has a part."""
    if parse_part(name) is not None:
        return ()
    return BUILT_IN[name].by if name in BUILT_IN else own.get(name, ())


def _describe_event(name: str) -> str:
    """What customers do: ``reach paying``, ``make the move convert``."""
    event = split_event(name)
    if event is None:
        return f"reach {name}"
    kind, label = event
    return {
        "move": f"make the move {label}",
        "action": f"receive the action {label}",
        "signal": f"send the signal {label}",
        "review": f"have a request reviewed as {label}",
    }.get(kind, name)


def _describe_window(spec: MetricSpec) -> str:
    """From when customers are at risk, and for how long: ``within 30 days of entering trial``."""
    begin = "day 0 or their arrival" if spec.from_stage is None else f"entering {spec.from_stage}"
    return f"by the end, from {begin}" if spec.within_days is None else f"within {spec.within_days:g} days of {begin}"


_CENSORED = "Customers whose observation ends earlier are censored."


def _describe_reached(spec: MetricSpec) -> str:
    return f"Share of customers that {_describe_event(spec.reached or '')} {_describe_window(spec)}. {_CENSORED}"


def _describe_time_to(spec: MetricSpec) -> str:
    done = f"customers {_describe_event(spec.time_to or '')} {_describe_window(spec)}"
    statistics = {
        "mean": f"Restricted mean time until {done}",
        "median": f"Time until half of the {done}",
        "lower_quartile": f"Time until a quarter of the {done}",
        "upper_quartile": f"Time until three quarters of the {done}",
    }
    return f"{statistics[spec.statistic]}. {_CENSORED}"


def _describe_count(spec: MetricSpec) -> str:
    name = spec.count_of or ""
    event = split_event(name)
    if event is None:
        return f"Number of entries into {name}."
    kind, label = event
    return f"Number of reviews with the verdict {label}." if kind == "review" else f"Number of {kind}s {label}."


def _describe_share(spec: MetricSpec) -> str:
    if isinstance(spec.share_of, StageAtEnd):
        return f"Share of customers in {spec.share_of.stage_at_end} at the end."
    return f"Share of customers that {_describe_event(spec.share_of or '')} at least once."


def _describe_revenue(spec: MetricSpec) -> str:
    return f"Discounted revenue earned in {'all stages' if spec.revenue == ALL_STAGES else spec.revenue}."


def _describe_ratio(spec: MetricSpec) -> str:
    above, below = spec.ratio or ("", "")
    return f"{above} divided by {below}."


_MEANINGS = {
    "reached": _describe_reached,
    "time_to": _describe_time_to,
    "time_in": lambda spec: f"Mean number of days that a customer spends in {spec.time_in}.",
    "count_of": _describe_count,
    "share_of": _describe_share,
    "revenue": _describe_revenue,
    "value_of": lambda spec: f"Annual account value of the customers in {spec.value_of} at the end.",
    "ratio": _describe_ratio,
}
_UNKNOWN_IF = {
    "reached": "no customer is observed to the end of the window",
    "time_to": "too few customers reach it while they are observed",
    "time_in": "no customer",
    "share_of": "no customer",
    "ratio": "the denominator is 0 or unknown",
}
