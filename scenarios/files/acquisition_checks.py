"""Cross-checks of an acquisition: what campaigns name must exist, and buyers must be able to come and to live."""

from collections.abc import Iterator, Mapping, Sequence

from journey.core.messages import did_you_mean
from journey.machine import Journey
from scenarios.files.cross_checks import Mistake, live_stage, unknown
from scenarios.files.model import Scenario
from simulation.acquisition.spec import Acquisition, Campaign, Channel, find_acquisition
from simulation.model.arm import ArmSpec

Path = tuple[str, ...]

_ONLY_OF_RECORDS = ("currency", "active", "sure", "least_clicks")
"""Thresholds of the budget policy that no simulated move looks at."""


def acquisition_mistakes(scenario: Scenario, journey: Journey, setups: Sequence[ArmSpec]) -> list[Mistake]:
    """Every mistake that no single part can see.

    Args:
        scenario: The scenario.
        journey: Its journey.
        setups: The arms, whose campaigns may differ from the scenario's.
    """
    if scenario.acquisition is None:
        return [
            Mistake(("arms", name, "acquisition"), "has no meaning: the scenario has no [acquisition] to be changed")
            for name, arm in scenario.arms.items()
            if arm.acquisition
        ]
    found = list(_named(("acquisition",), scenario.acquisition, scenario, journey))
    if not found:
        for setup in setups:
            own = find_acquisition(setup.population)
            if own is not None and own != scenario.acquisition:
                found.extend(_named(("arms", setup.name, "acquisition"), own, scenario, journey))
    return [*_population(scenario, journey), *found, *_shares(scenario)]


def _population(scenario: Scenario, journey: Journey) -> Iterator[Mistake]:
    """Nobody is there on day 0, so nothing that is said about day 0 would hold; none of it is ignored in silence."""
    assert scenario.acquisition is not None
    population, come_in = scenario.population, scenario.acquisition.stage or journey.initial[0]
    for key in ("records", "as_of", "arrivals"):
        if getattr(population, key) is not None:
            yield Mistake(("population", key), "customers come by [acquisition]; remove it, or [acquisition]")
    for key in ("in_mid_stay", "in_distress"):
        if getattr(population, key):
            yield Mistake(
                ("population", key), "nobody is there on day 0: buyers come by [acquisition]; set it to false"
            )
    for stage, share in population.start.items():
        if share > 0.0 and stage != come_in:
            yield Mistake(
                ("population", "start", stage), f"nobody is there on day 0: buyers come in {come_in!r}; set it to 0"
            )
    for name, segment in population.segments.items():
        if segment.tenure_mean_days > 0.0:
            yield Mistake(
                ("population", "segments", name, "tenure_mean_days"), "buyers come new by [acquisition]; set it to 0"
            )
    for key in ("value_tenure", "tier_tenure", "tenure_frailty"):
        if getattr(population.correlations, key):
            yield Mistake(("population", "correlations", key), "has no meaning: buyers come new, without a tenure")


def _named(place: Path, given: Acquisition, scenario: Scenario, journey: Journey) -> Iterator[Mistake]:
    if given.stage is not None:
        yield from live_stage((*place, "stage"), given.stage, scenario, journey, "nobody can come there")
    steps = {step for campaign in given.campaigns.values() for step in campaign.path}
    for step in given.step_costs:
        if step not in steps:
            yield unknown((*place, "step_costs", step), step, "a step of any campaign's path", sorted(steps))
    channels = [channel for _, channel in given.lines]
    for channel in given.reallocation.predictor.by_channel:
        if channel not in channels:
            here = (*place, "reallocation", "predictor", "by_channel", channel)
            yield unknown(here, channel, "a channel of any campaign", channels)
    for key in _ONLY_OF_RECORDS:
        if key in given.reallocation.budget.model_fields_set:
            here = (*place, "reallocation", "budget", key)
            yield Mistake(here, "is for recorded campaigns (`journey campaigns`); here it has no meaning: remove it")
    for name, campaign in given.campaigns.items():
        yield from _campaign((*place, "campaigns", name), campaign, scenario)


def _campaign(place: Path, campaign: Campaign, scenario: Scenario) -> Iterator[Mistake]:
    for step in campaign.delays:
        yield from _step((*place, "delays", step), step, campaign)
    yield from _segments((*place, "delay_by_segment"), campaign.delay_by_segment, scenario)
    for name, channel in campaign.channels.items():
        yield from _channel((*place, "channels", name), channel, campaign, scenario)


def _channel(place: Path, channel: Channel, campaign: Campaign, scenario: Scenario) -> Iterator[Mistake]:
    yield from _segments((*place, "segments"), channel.segments, scenario)
    yield from _segments((*place, "by_segment"), channel.by_segment, scenario)
    for segment, rates in channel.by_segment.items():
        for step in rates:
            yield from _step((*place, "by_segment", segment, step), step, campaign)
    for step in channel.conversion:
        yield from _step((*place, "conversion", step), step, campaign)
    reached = [name for name, share in channel.segments.items() if share > 0.0]
    for step in campaign.path[1:]:
        lacking = [name for name in reached if step not in channel.by_segment.get(name, {})]
        if step not in channel.conversion and lacking:
            yield Mistake((*place, "conversion", step), f"is missing; the path has the step {step!r}")
    if channel.quality.churn != 1.0 and scenario.world.frailty_spread == 0.0:
        yield Mistake(
            (*place, "quality", "churn"),
            "acts on the frailty of customers, and world.frailty_spread is 0: there is none; give it a spread",
        )


def _step(place: Path, step: str, campaign: Campaign) -> Iterator[Mistake]:
    if step not in campaign.path:
        yield Mistake(place, f"{step!r} is not a step of the path{did_you_mean(step, campaign.path[1:])}")
    elif step == campaign.path[0]:
        yield Mistake(place, f"{step!r} is where the path begins; only later steps are converted to")


def _segments(place: Path, table: Mapping[str, object], scenario: Scenario) -> Iterator[Mistake]:
    known = scenario.population.segments
    for name in table:
        if name not in known:
            yield unknown((*place, name), name, "a segment of the population", known)


def _shares(scenario: Scenario) -> Iterator[Mistake]:
    """Nobody is assigned to an arm, so shares of the customers would be ignored."""
    for name, arm in scenario.arms.items():
        for key in ("share", "share_by_segment"):
            if key in arm.model_fields_set:
                yield Mistake(("arms", name, key), "an arm's customers are those its own budget brings; remove it")
