"""The names in a policy that must exist elsewhere: stages of the journey, and causes of signal types."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from journey.core.messages import KeyProblem
from journey.core.nested_tables import find_value
from journey.core.suggestions import did_you_mean

if TYPE_CHECKING:
    from journey.decision.policy import Play


def find_unknown_causes(plays: "Sequence[Play]", known: Collection[str]) -> Iterator[KeyProblem]:
    """The causes of plays that no signal type has, so that the plays would never act on them.

    Args:
        plays: The playbook.
        known: The causes that evidence can have.
    """
    for index, play in enumerate(plays):
        for cause in play.causes:
            if cause not in known:
                message = f"{cause!r} is not the `cause` of a signal type{did_you_mean(cause, sorted(known))}"
                yield KeyProblem(("plays", index, "causes"), message)


def find_unknown_stages(override: Mapping[str, Any], stages: tuple[str, ...]) -> Iterator[KeyProblem]:
    """The stages that a policy names and the journey does not have; malformed parts of the policy are skipped."""
    typical_days = find_value(override, ("evidence", "typical_days"))
    for stage in typical_days if isinstance(typical_days, Mapping) else ():
        if stage not in stages:
            yield _unknown_stage(("evidence", "typical_days", stage), stage, stages)
    plays = override.get("plays")
    for index, play in enumerate(plays if isinstance(plays, list | tuple) else ()):
        named = play.get("stages") if isinstance(play, Mapping) else None
        for stage in named if isinstance(named, list | tuple) else ():
            if isinstance(stage, str) and stage not in stages:
                yield _unknown_stage(("plays", index, "stages"), stage, stages)


def _unknown_stage(path: tuple[int | str, ...], stage: str, stages: tuple[str, ...]) -> KeyProblem:
    return KeyProblem(path, f"{stage!r} is not a stage of the journey{did_you_mean(stage, stages)}")
