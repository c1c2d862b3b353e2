"""Campaign results of an arm: media, funnel steps and buyers by channel, and budget moves, as means."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING, Any

from journey.statistics.means import compute_mean

if TYPE_CHECKING:
    from simulation.metrics.run_results import Run

PURCHASE = "purchase"


@dataclass(frozen=True, slots=True)
class ChannelMeans:
    """One channel of one campaign in one arm; means over replications.

    Attributes:
        campaign: The campaign.
        channel: The channel.
        opening: Opening budget, in dollars.
        spend: Dollars of media.
        impressions: Impressions bought.
        steps: By step of the path after the impression, the number of prospects that reached it.
        buyers: By segment, the number of buyers.
    """

    campaign: str
    channel: str
    opening: float
    spend: float
    impressions: float
    steps: dict[str, float]
    buyers: dict[str, float]

    @property
    def cost_per_acquisition(self) -> float | None:
        """Mean dollars of media divided by the mean number of buyers; None without a buyer."""
        buyers = self.steps[PURCHASE]
        return self.spend / buyers if buyers else None

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "campaign": self.campaign,
            "channel": self.channel,
            "opening_budget": self.opening,
            "spend": self.spend,
            "impressions": self.impressions,
            "steps": self.steps,
            "buyers_by_segment": self.buyers,
            "cost_per_acquisition": self.cost_per_acquisition,
        }


@dataclass(frozen=True, slots=True)
class ArmAcquisition:
    """Campaign results of an arm.

    Attributes:
        channels: By line of the budget, means over replications.
        moves: By final status, the mean number of budget moves.
        moved: Mean amount moved, in dollars.
        customers: Mean number of customers acquired.
        trail: All moves of the first replication.
    """

    channels: tuple[ChannelMeans, ...]
    moves: dict[str, float]
    moved: float
    customers: float
    trail: tuple[dict[str, Any], ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "customers": self.customers,
            "channels": [channel.as_dict() for channel in self.channels],
            "moves": self.moves,
            "moved": self.moved,
            "trail_of_replication_0": list(self.trail),
        }


def summarise_acquisition(runs: Sequence["Run"]) -> ArmAcquisition | None:
    """The campaign results of one arm over its replications, at least one; None without campaigns."""
    if not runs[0].acquisition:
        return None
    results = [run.acquisition for run in runs]
    moves = [move for result in results for move in result["moves"]]
    statuses = Counter(move["status"] for move in moves)
    moved = fsum(move["amount"] for move in moves if move["status"] == "executed")
    return ArmAcquisition(
        channels=tuple(_mean_channels(results)),
        moves={status: count / len(runs) for status, count in sorted(statuses.items())},
        moved=moved / len(runs),
        customers=compute_mean([float(run.customers) for run in runs]),
        trail=tuple(results[0]["moves"]),
    )


def _mean_channels(results: Sequence[dict[str, Any]]) -> Iterator[ChannelMeans]:
    for index, line in enumerate(results[0]["lines"]):
        names = {key: line[key] for key in ("campaign", "channel")}
        rows = [row for result in results for row in result["steps"] if all(row[key] == names[key] for key in names)]
        steps = dict.fromkeys((row["step"] for row in rows), 0.0)
        buyers = dict.fromkeys((row["segment"] for row in rows), 0.0)
        for row in rows:
            count = sum(row["by_period"]) / len(results)
            steps[row["step"]] += count
            if row["step"] == PURCHASE:
                buyers[row["segment"]] += count
        yield ChannelMeans(
            **names,
            opening=line["opening_budget"],
            spend=compute_mean([fsum(result["lines"][index]["spend"]) for result in results]),
            impressions=compute_mean([float(sum(result["lines"][index]["impressions"])) for result in results]),
            steps=steps,
            buyers=buyers,
        )
