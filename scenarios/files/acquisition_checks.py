"""Cross-checks of an acquisition: names in campaigns must exist, and buyers must be able to enter the journey."""

from collections.abc import Iterator, Mapping, Sequence

from journey.core.messages import KeyProblem
from journey.core.suggestions import did_you_mean
from journey.machine import Journey
from scenarios.files.cross_checks import check_live_stage, unknown_name
from scenarios.files.model import Scenario
from simulation.acquisition.spec import Acquisition, Campaign, Channel, find_acquisition
from simulation.model.arm import ArmSpec

Path = tuple[str, ...]

_RECORDS_ONLY_KEYS = ("currency", "active", "sure", "least_clicks")
"""Thresholds of the budget policy that simulated budget moves do not use."""


def validate_acquisition(scenario: Scenario, journey: Journey, arms: Sequence[ArmSpec]) -> list[KeyProblem]:
    """All mistakes between sections of a scenario with campaigns.

    Args:
        scenario: The scenario.
        journey: Its journey.
        arms: The arms, whose campaigns may differ from the scenario's.
    """
    if scenario.acquisition is None:
        return [
            KeyProblem(("arms", name, "acquisition"), "has no effect: the scenario has no [acquisition]; remove it")
            for name, arm in scenario.arms.items()
            if arm.acquisition
        ]
    mistakes = list(_check_acquisition(("acquisition",), scenario.acquisition, scenario, journey))
    if not mistakes:
        for arm_spec in arms:
            arm_acquisition = find_acquisition(arm_spec.population)
            if arm_acquisition is not None and arm_acquisition != scenario.acquisition:
                mistakes.extend(
                    _check_acquisition(("arms", arm_spec.name, "acquisition"), arm_acquisition, scenario, journey)
                )
    return [*_check_population(scenario, journey), *mistakes, *_check_shares(scenario)]


def _check_population(scenario: Scenario, journey: Journey) -> Iterator[KeyProblem]:
    """Refuse settings about day 0, because there are no customers on day 0."""
    assert scenario.acquisition is not None
    population, entry_stage = scenario.population, scenario.acquisition.stage or journey.initial[0]
    for key in ("records", "as_of", "arrivals"):
        if getattr(population, key) is not None:
            yield KeyProblem(
                ("population", key), "customers come from [acquisition]; remove this key, or [acquisition]"
            )
    for key in ("in_mid_stay", "in_distress"):
        if getattr(population, key):
            yield KeyProblem(
                ("population", key), "there are no customers on day 0: they come from [acquisition]; set it to false"
            )
    for stage, share in population.start.items():
        if share > 0.0 and stage != entry_stage:
            yield KeyProblem(
                ("population", "start", stage),
                f"there are no customers on day 0: buyers enter {entry_stage!r}; set it to 0",
            )
    for name, segment in population.segments.items():
        if segment.tenure_mean_days > 0.0:
            yield KeyProblem(
                ("population", "segments", name, "tenure_mean_days"),
                "buyers from [acquisition] are new customers; set it to 0",
            )
    for key in ("value_tenure", "tier_tenure", "tenure_frailty"):
        if getattr(population.correlations, key):
            yield KeyProblem(
                ("population", "correlations", key),
                "has no effect: buyers are new customers without a tenure; remove it",
            )


def _check_acquisition(
    path: Path, acquisition: Acquisition, scenario: Scenario, journey: Journey
) -> Iterator[KeyProblem]:
    if acquisition.stage is not None:
        yield from check_live_stage((*path, "stage"), acquisition.stage, scenario, journey, "buyers cannot enter there")
    steps = {step for campaign in acquisition.campaigns.values() for step in campaign.path}
    for step in acquisition.step_costs:
        if step not in steps:
            yield unknown_name((*path, "step_costs", step), step, "a step of any campaign's path", sorted(steps))
    channels = [channel for _, channel in acquisition.lines]
    for channel in acquisition.reallocation.predictor.by_channel:
        if channel not in channels:
            key_path = (*path, "reallocation", "predictor", "by_channel", channel)
            yield unknown_name(key_path, channel, "a channel of any campaign", channels)
    for key in _RECORDS_ONLY_KEYS:
        if key in acquisition.reallocation.budget.model_fields_set:
            key_path = (*path, "reallocation", "budget", key)
            yield KeyProblem(key_path, "only affects recorded campaigns (`journey campaigns`); remove it")
    for name, campaign in acquisition.campaigns.items():
        yield from _check_campaign((*path, "campaigns", name), campaign, scenario)


def _check_campaign(path: Path, campaign: Campaign, scenario: Scenario) -> Iterator[KeyProblem]:
    for step in campaign.delays:
        yield from _check_step((*path, "delays", step), step, campaign)
    yield from _check_segments((*path, "delay_by_segment"), campaign.delay_by_segment, scenario)
    for name, channel in campaign.channels.items():
        yield from _check_channel((*path, "channels", name), channel, campaign, scenario)


def _check_channel(path: Path, channel: Channel, campaign: Campaign, scenario: Scenario) -> Iterator[KeyProblem]:
    yield from _check_segments((*path, "segments"), channel.segments, scenario)
    yield from _check_segments((*path, "by_segment"), channel.by_segment, scenario)
    for segment, rates in channel.by_segment.items():
        for step in rates:
            yield from _check_step((*path, "by_segment", segment, step), step, campaign)
    for step in channel.conversion:
        yield from _check_step((*path, "conversion", step), step, campaign)
    reached_segments = [name for name, share in channel.segments.items() if share > 0.0]
    for step in campaign.path[1:]:
        missing_segments = [name for name in reached_segments if step not in channel.by_segment.get(name, {})]
        if step not in channel.conversion and missing_segments:
            yield KeyProblem((*path, "conversion", step), f"is missing; the path has the step {step!r}")
    if channel.quality.churn != 1.0 and scenario.world.frailty_spread == 0.0:
        yield KeyProblem(
            (*path, "quality", "churn"),
            "acts on the frailty of customers, but world.frailty_spread is 0; set it above 0",
        )


def _check_step(path: Path, step: str, campaign: Campaign) -> Iterator[KeyProblem]:
    if step not in campaign.path:
        yield KeyProblem(path, f"{step!r} is not a step of the path{did_you_mean(step, campaign.path[1:])}")
    elif step == campaign.path[0]:
        yield KeyProblem(path, f"{step!r} is the first step of the path; only later steps have conversion rates")


def _check_segments(path: Path, table: Mapping[str, object], scenario: Scenario) -> Iterator[KeyProblem]:
    known = scenario.population.segments
    for name in table:
        if name not in known:
            yield unknown_name((*path, name), name, "a segment of the population", known)


def _check_shares(scenario: Scenario) -> Iterator[KeyProblem]:
    """Refuse shares, because customers are not assigned to arms."""
    for name, arm in scenario.arms.items():
        for key in ("share", "share_by_segment"):
            if key in arm.model_fields_set:
                yield KeyProblem(("arms", name, key), "an arm's customers come from its own budget; remove it")
