"""The path of each campaign through the acquisition funnel, as an explicit machine."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from journey.machine import Journey, JourneyDefinitionError
from journey.machine.lifecycles import funnel_lifecycle

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext


@dataclass(frozen=True, slots=True)
class CampaignPath:
    """The steps that a campaign's funnel has.

    Attributes:
        campaign_id: The campaign.
        steps: In the funnel's order.
        declared: Whether the campaign declares them; otherwise they are those that are recorded.
        machine: The funnel of these steps; None where they make none, for instance because there is only one.
    """

    campaign_id: str
    steps: tuple[str, ...]
    declared: bool
    machine: Journey | None


def read_campaign_paths(context: "MarketingContext") -> list[CampaignPath]:
    """The path of every campaign that has one, by campaign."""
    rows = context.cursor.execute(
        "SELECT campaign_id, list(stage ORDER BY place), bool_and(declared) FROM steps GROUP BY campaign_id ORDER BY 1"
    ).fetchall()
    return [CampaignPath(campaign, tuple(steps), declared, _build_machine(steps)) for campaign, steps, declared in rows]


def _build_machine(steps: list[str]) -> Journey | None:
    try:
        return funnel_lifecycle(steps)
    except JourneyDefinitionError:
        # What is wrong with a declared path is a finding, and a single recorded step is no mistake.
        return None
