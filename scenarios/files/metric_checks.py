"""Checks of the metrics of a scenario: the names in them must exist, and they must be able to have a value."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from journey.core.messages import KeyProblem
from journey.core.suggestions import did_you_mean
from journey.decision.policy import Policy
from journey.machine import Journey
from scenarios.files.cross_checks import unknown_name
from scenarios.files.metric_catalogue import build_catalogue
from scenarios.files.model import Scenario
from scenarios.metrics.catalogue import MetricCatalogue
from scenarios.metrics.definitions import BUILT_IN
from simulation.metrics.metric_names import parse_base_name
from simulation.metrics.on_demand import ON_DEMAND
from simulation.model.metric_spec import ALL_STAGES, EVENT_KINDS, MetricSpec, StageAtEnd, split_event
from simulation.trace.codes import VERDICTS


class _Names(NamedTuple):
    """The names that metrics may use: stages, terminal stages, and labels of events by kind."""

    stages: tuple[str, ...]
    terminal: frozenset[str]
    labels: Mapping[str, tuple[str, ...]]


def validate_metrics(scenario: Scenario, journey: Journey, policies: Mapping[str, Policy]) -> Iterator[KeyProblem]:
    """All mistakes in the metrics of a scenario.

    Args:
        scenario: The scenario.
        journey: Its journey.
        policies: The policy of each arm; a name has to exist in one of them.
    """
    labels = {
        "move": tuple(journey.move_names),
        "action": tuple(dict.fromkeys(name for policy in policies.values() for name in policy.actions)),
        "signal": tuple(dict.fromkeys(name for policy in policies.values() for name in policy.signals)),
        "review": VERDICTS,
    }
    names = _Names(tuple(journey.stages), frozenset(journey.terminal), labels)
    metrics = build_catalogue(scenario)
    for name, spec in scenario.metrics.items():
        path = ("metrics", name)
        if name in BUILT_IN:
            hint = f', or write `report = ["{name}"]` to report the built-in one' if name in ON_DEMAND else ""
            yield KeyProblem(path, f"{name!r} is a built-in metric; give your own metric another name{hint}")
        yield from _check_measure(path, spec, names)
        yield from _check_window(path, spec, scenario)
        yield from _check_ratio(path, spec, metrics)
    yield from _check_circles(scenario)
    for index, name in enumerate(scenario.report):
        if name not in ON_DEMAND:
            mistake = metrics.describe_mistake(name) or _describe_reported(name)
            yield KeyProblem(("report", index), mistake)


def _describe_reported(name: str) -> str:
    """Why a known metric does not belong in `report`."""
    base = parse_base_name(name)
    if base in ON_DEMAND:
        return f"{name} is reported with {base}; write {base}"
    return f"{name} is always reported; leave it out here"


def _check_measure(path: tuple[str, ...], spec: MetricSpec, names: _Names) -> Iterator[KeyProblem]:
    measure = spec.measure
    key_path = (*path, measure)
    if isinstance(spec.share_of, StageAtEnd):
        yield from _check_stage((*key_path, "stage_at_end"), spec.share_of.stage_at_end, names)
    elif measure in ("reached", "time_to", "count_of", "share_of"):
        yield from _check_event(key_path, str(getattr(spec, measure)), names)
    elif measure in ("time_in", "value_of") or (measure == "revenue" and spec.revenue != ALL_STAGES):
        yield from _check_stage(key_path, str(getattr(spec, measure)), names)
    if spec.from_stage is not None:
        yield from _check_stage((*path, "from"), spec.from_stage, names)
        if spec.from_stage in names.terminal:
            yield KeyProblem((*path, "from"), f"{spec.from_stage!r} is terminal; no customer leaves it")


def _check_stage(path: tuple[str, ...], stage: str, names: _Names) -> Iterator[KeyProblem]:
    if stage not in names.stages:
        yield unknown_name(path, stage, "a stage of the journey", names.stages)


def _check_event(path: tuple[str, ...], name: str, names: _Names) -> Iterator[KeyProblem]:
    event = split_event(name)
    if event is None:
        if name not in names.stages:
            kinds = ", ".join(f"{kind}:NAME" for kind in EVENT_KINDS)
            hint = did_you_mean(name, _names_like(name, names))
            yield KeyProblem(path, f"{name!r} is not a stage of the journey, nor one of {kinds}{hint}")
    elif event[0] not in EVENT_KINDS:
        yield unknown_name(path, f"{event[0]}:", "a kind of event", [f"{kind}:" for kind in EVENT_KINDS])
    elif event[1] not in names.labels[event[0]]:
        expected = {"move": "a move of the journey", "review": "a verdict of a review"}.get(
            event[0], f"{'an action' if event[0] == 'action' else 'a signal type'} of the policy"
        )
        yield unknown_name(path, event[1], expected, names.labels[event[0]])


def _names_like(name: str, names: _Names) -> list[str]:
    """The stages, or the events whose label is the given name."""
    events = [f"{kind}:{name}" for kind, labels in names.labels.items() if name in labels]
    return events or list(names.stages)


def _check_window(path: tuple[str, ...], spec: MetricSpec, scenario: Scenario) -> Iterator[KeyProblem]:
    """Check that a customer can be observed through the window; only a stay from before day 0 can be older."""
    population = scenario.population
    if spec.within_days is None or (
        spec.from_stage is not None and (population.in_mid_stay or population.records is not None)
    ):
        return
    if spec.within_days > scenario.horizon_days:
        yield KeyProblem(
            (*path, "within_days"),
            f"{spec.within_days:g} days are longer than the run; at most horizon_days = {scenario.horizon_days:g}",
        )


def _check_ratio(path: tuple[str, ...], spec: MetricSpec, metrics: MetricCatalogue) -> Iterator[KeyProblem]:
    for name in spec.ratio or ():
        if mistake := metrics.describe_mistake(name):
            yield KeyProblem((*path, "ratio"), mistake)


def _check_circles(scenario: Scenario) -> Iterator[KeyProblem]:
    """Check that no ratio is defined by itself."""
    parts = {
        name: {parse_base_name(each) for each in spec.ratio} & scenario.metrics.keys()
        for name, spec in scenario.metrics.items()
        if spec.ratio is not None
    }
    while ready := [name for name, needed in parts.items() if parts.keys().isdisjoint(needed)]:
        for name in ready:
            del parts[name]
    for name in parts:
        yield KeyProblem(("metrics", name, "ratio"), "is defined by itself; name metrics that do not depend on it")
