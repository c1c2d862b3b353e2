"""Each campaign's path through the acquisition funnel, as a state machine."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from journey.machine import Journey, JourneyDefinitionError
from journey.machine.lifecycles import funnel_lifecycle

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext


@dataclass(frozen=True, slots=True)
class CampaignPath:
    """The funnel steps of a campaign.

    Attributes:
        campaign_id: The campaign.
        steps: Steps in the funnel's order.
        declared: Whether the campaign declares the steps; otherwise they are the recorded ones.
        machine: The machine of these steps; None if they make no valid funnel, for example a single step.
    """

    campaign_id: str
    steps: tuple[str, ...]
    declared: bool
    machine: Journey | None


def read_campaign_paths(context: "MarketingContext") -> list[CampaignPath]:
    """Read the paths of all campaigns that have one, sorted by campaign."""
    rows = context.cursor.execute(
        "SELECT campaign_id, list(stage ORDER BY step_number), bool_and(declared) FROM steps GROUP BY campaign_id "
        "ORDER BY 1"
    ).fetchall()
    return [CampaignPath(campaign, tuple(steps), declared, _build_machine(steps)) for campaign, steps, declared in rows]


def _build_machine(steps: list[str]) -> Journey | None:
    try:
        return funnel_lifecycle(steps)
    except JourneyDefinitionError:
        # A check reports invalid declared paths, and a single recorded step is not an error.
        return None
