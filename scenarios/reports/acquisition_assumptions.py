"""The assumptions of acquisition campaigns, as rows of a report: key, value and provenance."""

from collections.abc import Iterator

from journey.money.format import format_dollars
from simulation.acquisition.spec import Acquisition, Campaign, Channel

Row = tuple[str, str, str]


def acquisition_rows(acquisition: Acquisition | None) -> Iterator[Row]:
    """The assumptions on campaigns; none where the scenario has no campaigns."""
    if acquisition is None:
        return
    for name, campaign in acquisition.campaigns.items():
        for channel, spec in campaign.channels.items():
            yield from _channel(f"acquisition.campaigns.{name}.channels.{channel}", campaign, spec)
        for step, dwell in campaign.delays.items():
            mean = f"{dwell.law}, mean {dwell.mean_days:g} days" if not dwell.points else dwell.law
            yield f"acquisition.campaigns.{name}.delays.{step}", mean, "assumed"
    for step, cost in acquisition.step_costs.items():
        yield f"acquisition.step_costs.{step}", format_dollars(cost.amount), cost.provenance
    yield from _predictor(acquisition)


def _channel(where: str, campaign: Campaign, channel: Channel) -> Iterator[Row]:
    cost, audience = channel.cost_per_1000, channel.audience
    yield f"{where}.cost_per_1000", format_dollars(cost.amount), cost.provenance
    reach = "unlimited" if audience is None else f"{audience:,.0f} people in {campaign.period_days:g} days"
    yield f"{where}.audience", reach, "assumed"
    rates = ", ".join(f"{step} {100 * rate:g} %" for step, rate in channel.conversion.items())
    yield f"{where}.conversion", rates, "assumed"
    quality = channel.quality
    if quality.account_value != 1.0 or quality.churn != 1.0:
        text = f"account value x {quality.account_value:g}, churn x {quality.churn:g}"
        yield f"{where}.quality", text, "assumed"


def _predictor(acquisition: Acquisition) -> Iterator[Row]:
    """The predictor of buyer value; listed even where no arm uses it."""
    where, predictor = "acquisition.reallocation.predictor", acquisition.reallocation.predictor
    yield f"{where}.years", f"{predictor.years.amount:g}", predictor.years.provenance
    for channel, ratio in predictor.by_channel.items():
        yield f"{where}.by_channel.{channel}", f"churn x {ratio.amount:g}", ratio.provenance
