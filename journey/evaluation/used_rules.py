"""The journey and the policy that a check or an evaluation used, and their origin."""

from typing import Any, NamedTuple

from journey.decision.policy import Policy
from journey.machine import Journey, default_journey


class UsedRules(NamedTuple):
    """The journey and the policy that records were checked or evaluated with.

    Attributes:
        journey: Name of the journey.
        policy: Name of the policy.
        journey_file: The file or scenario that contains the journey; None for the default journey, and for a journey
            that is not from a file.
        policy_file: The same for the policy.
        scenario: The scenario whose journey and policy are used, as given; None without one.
        scenario_hash: Its hash.
        arm: The arm of the scenario whose policy is used.
        notices: Sentences about parts of a file that are not used, and about keys that were renamed.
    """

    journey: str
    policy: str
    journey_file: str | None = None
    policy_file: str | None = None
    scenario: str | None = None
    scenario_hash: str | None = None
    arm: str | None = None
    notices: tuple[str, ...] = ()

    @classmethod
    def of(cls, journey: Journey | None, policy: Policy | None) -> "UsedRules":
        """The rules for a journey and a policy that are not from files; None stands for the defaults."""
        return cls((journey or default_journey()).name, (policy or Policy()).name)

    def as_dict(self) -> dict[str, Any]:
        """A JSON-ready mapping."""
        return {
            "scenario": self.scenario,
            "scenario_hash": self.scenario_hash,
            "arm": self.arm,
            "journey": {"name": self.journey, "file": self.journey_file},
            "policy": {"name": self.policy, "file": self.policy_file},
            "notices": list(self.notices),
        }
