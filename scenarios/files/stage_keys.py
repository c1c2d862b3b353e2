"""Old places of what `[journey.stage.NAME]` states: `world.lost`, and the policy's typical days.

They mean the same as the role `lost` and `typical_days` of a stage. A scenario that states both must state the same.
"""

from collections.abc import Iterator

from journey.core.messages import KeyProblem
from journey.core.nested_tables import find_value
from journey.decision.policy import Policy
from journey.machine import Journey
from journey.machine.errors import JourneyDefinitionError
from journey.machine.stages import LOST
from scenarios.files.cross_checks import WORLD_LOST
from scenarios.files.model import Scenario


def add_lost_stages(journey: Journey, scenario: Scenario) -> tuple[Journey, list[KeyProblem]]:
    """The journey with the role `lost` for the stages of `world.lost`, and the mistakes that prevent it.

    Unknown and terminal stages in `world.lost` are left for the cross-checks.
    """
    lost, stated = scenario.world.lost, journey.lost
    if lost and stated and set(lost) != set(stated):
        keys = ", ".join(f"journey.stage.{stage}.roles" for stage in stated)
        message = f"is {list(lost)}, but by {keys} the lost stages are {list(stated)}; remove world.lost"
        return journey, [KeyProblem(WORLD_LOST, message)]
    live = [stage for stage in dict.fromkeys(lost) if stage in journey.live]
    try:
        return journey.with_role(LOST, live), []
    except JourneyDefinitionError as error:
        return journey, [KeyProblem(("journey",), f"{problem} (world.lost lists it)") for problem in error.problems]


def find_typical_days_mistakes(scenario: Scenario, journey: Journey, policy: Policy) -> Iterator[KeyProblem]:
    """Stages whose typical days differ between the journey and the scenario's policy. An arm's policy may differ.

    Args:
        scenario: The scenario.
        journey: Its journey, without mistaken parts.
        policy: Its policy, before the arms change it.
    """
    built = {stage: own.typical_days for stage, own in zip(journey.stages, journey.details, strict=True)}
    for stage, days in policy.evidence.typical_days.items():
        stated = find_value(scenario.journey, ("stage", stage, "typical_days"))
        # An invalid number is not in the journey that was built, and is reported with the mistakes of the journey.
        if stated is not None and stated == built.get(stage) and stated != days:
            path = ("policy", "evidence", "typical_days", stage)
            yield KeyProblem(path, f"is {days:g}, but journey.stage.{stage}.typical_days is {stated:g}; remove one")
