"""The journey and the policy for checking and evaluating records: the defaults, files, or an arm of a scenario."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from journey.core.errors import InputError
from journey.core.nested_tables import find_value
from scenarios.operations.output_paths import Inputs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from journey.decision.policy import Policy
    from journey.evaluation.used_rules import UsedRules
    from journey.machine import Journey
    from journey.rules import Rule
    from scenarios.files.journey_file import JourneyFile
    from scenarios.files.loader import LoadedScenario
    from simulation.model.arm import ArmSpec

DEFAULT_ARM = "baseline"
"""The arm that is used where none is named: every scenario has it, and `journey simulate` uses it too."""


@dataclass(frozen=True)
class EvaluationRules:
    """A journey and a policy, and where they come from.

    Attributes:
        journey: The journey.
        policy: The policy; of an arm, with its overrides, and without the actions that the arm may not take.
        used: Their names and files.
        described: The policy in words, for the first lines of an output.
        inputs: The files that were read.
        declared_rules: The declared rules of the journey; of a scenario, also its own.
    """

    journey: "Journey"
    policy: "Policy"
    used: "UsedRules"
    described: str
    inputs: Inputs = field(default_factory=Inputs)
    declared_rules: "tuple[Rule, ...]" = ()


def open_rules(
    *,
    scenario: "str | Path | LoadedScenario | None" = None,
    arm: str | None = None,
    journey: "Journey | str | Path | None" = None,
    policy: "Policy | str | Path | None" = None,
    needs_orchestrator: bool = False,
) -> EvaluationRules:
    """The journey and the policy of these options.

    Args:
        scenario: A scenario, whose journey and policy are used.
        arm: The arm of the scenario whose policy is used. Default: `DEFAULT_ARM`.
        journey: A journey; or a journey file, or a scenario, whose journey is used. Default: the default journey.
        policy: A policy or a policy file. Default: the default policy.
        needs_orchestrator: Whether to refuse an arm without an orchestrator.

    Raises:
        InputError: A file or an arm does not exist or is invalid, or options contradict each other.
    """
    if scenario is None:
        if arm is not None:
            raise InputError(f"--arm {arm}: names an arm of a scenario; add --scenario FILE")
        return _open_files(journey, policy)
    if policy is not None:
        raise InputError(
            "--policy and --scenario: the scenario has a policy of its own; remove --policy, or write --journey "
            "instead of --scenario to use its journey alone"
        )
    if journey is not None:
        raise InputError("--journey and --scenario: the scenario has a journey of its own; remove one of the two")
    return _open_arm(scenario, arm, needs_orchestrator=needs_orchestrator)


def open_journey(source: str | Path | None) -> "tuple[Journey, Inputs]":
    """The journey of a journey file or of a scenario, and the files that it is read from.

    Args:
        source: A journey file, or a scenario by name or path. Default: the default journey.

    Raises:
        InputError: The file or the scenario is unknown or invalid.
    """
    file, inputs, _ = _open_machine(source, is_policy_given=True)
    return file.journey, inputs


def load_policy(policy: "str | Path | Policy | None") -> "Policy":
    """The policy of a file, or the given one; the default policy where `policy` is None.

    Raises:
        InputError: The policy file is missing or invalid.
    """
    from journey.decision.policy import Policy, read_policy

    if policy is None:
        return Policy()
    return policy if isinstance(policy, Policy) else read_policy(Path(policy))


def _open_files(journey: "Journey | str | Path | None", policy: "Policy | str | Path | None") -> EvaluationRules:
    """The journey of `--journey` and the policy of `--policy`."""
    from journey.evaluation.used_rules import UsedRules
    from scenarios.text.policies import describe_policy

    loaded_policy = load_policy(policy)
    policy_file = Path(policy) if isinstance(policy, str | Path) else None
    journey_file = str(journey) if isinstance(journey, str | Path) else None
    (machine, declared_rules), inputs, notices = _open_machine(journey, is_policy_given=policy is not None)
    _refuse_two_typical_days(machine, loaded_policy, journey_file or "the journey", str(policy_file or "the policy"))
    used = UsedRules(
        machine.name,
        loaded_policy.name,
        journey_file,
        None if policy_file is None else str(policy_file),
        notices=(*notices, *_describe_unknown_names(declared_rules, machine, loaded_policy, journey_file)),
    )
    described = describe_policy(loaded_policy, policy_file)
    return EvaluationRules(machine, loaded_policy, used, described, inputs + Inputs([policy_file]), declared_rules)


def _describe_unknown_names(
    rules: "Sequence[Rule]", journey: "Journey", policy: "Policy", source: str | None
) -> "Iterator[str]":
    """A notice for each signal and action in a rule that the policy does not have.

    Records may have others, so this is no error. But a misspelt name would make a rule that no record can break.
    """
    from scenarios.files.rule_checks import build_vocabulary

    vocabulary = build_vocabulary(journey, [policy])
    for rule in rules:
        for problem in rule.find_unknown_names(vocabulary):
            yield f"{source or 'the journey'}: with the policy {policy.name}: {problem.message}"


def _refuse_two_typical_days(journey: "Journey", policy: "Policy", journey_name: str, policy_name: str) -> None:
    """Refuse typical days of a stage that journey and policy state differently."""
    from journey.machine.stages import DEFAULT_TYPICAL_DAYS

    stated = {stage: details.typical_days for stage, details in journey.details_by_stage.items()}
    for stage, days in policy.evidence.typical_days.items():
        of_journey = stated.get(stage)
        # Those of the default journey are a default, which the old key of the policy replaces.
        if of_journey not in (None, days, DEFAULT_TYPICAL_DAYS.get(stage)):
            raise InputError(
                f"{policy_name}: evidence.typical_days.{stage} is {days:g}, but {journey_name}: "
                f"journey.stage.{stage}.typical_days is {of_journey:g}; remove one"
            )


def _open_machine(
    journey: "Journey | str | Path | None", *, is_policy_given: bool
) -> "tuple[JourneyFile, Inputs, tuple[str, ...]]":
    """The journey with its declared rules, the files that it is from, and notices of what else they contain."""
    from journey.machine import Journey, default_journey
    from scenarios.files.journey_file import JourneyFile
    from scenarios.files.rule_checks import examine_journey_rules

    if journey is None or isinstance(journey, Journey):
        return JourneyFile(journey or default_journey()), Inputs(), ()
    found = _read_journey(journey)
    if isinstance(found, JourneyFile):
        return found, Inputs(files=[Path(journey)]), ()
    notice = f"{journey}: only the journey of this scenario is used"
    if not is_policy_given and _has_policy(found):
        notice += f"; its policy is not used, and the default policy is; --scenario {journey} uses both"
    of_journey = examine_journey_rules((found.scenario.journey or {}).get("rules", ())).rules
    file = JourneyFile(found.arms[0].journey, of_journey)
    return file, Inputs.of_scenario(found), (notice, *map(str, found.notices))


def _read_journey(source: str | Path) -> "JourneyFile | LoadedScenario":
    """The content of a journey file, or else the scenario."""
    from scenarios.files.journey_file import read_journey_file
    from scenarios.files.loader import load

    # A pipe can be read once only; it is not read as a journey file.
    return read_journey_file(source) or load(source)


def _has_policy(loaded: "LoadedScenario") -> bool:
    """Whether the scenario or an arm of it changes the default policy."""
    arms = loaded.scenario.arms.values()
    return bool(loaded.scenario.policy) or any(arm.policy or arm.actions is not None for arm in arms)


def _open_arm(source: "str | Path | LoadedScenario", name: str | None, *, needs_orchestrator: bool) -> EvaluationRules:
    """The journey and the policy of one arm of a scenario."""
    from journey.evaluation.used_rules import UsedRules
    from scenarios.operations.options import find_arm, open_scenario
    from scenarios.text.policies import describe_policy
    from simulation.model.arm_policy import build_effective_policy

    loaded = open_scenario(source)
    arm = find_arm(loaded, name or DEFAULT_ARM)
    if needs_orchestrator and not arm.active:
        _refuse_inactive(loaded, arm)
    policy = build_effective_policy(arm)
    named = f"the default arm {arm.name}" if name is None else f"arm {arm.name}"
    used = UsedRules(
        arm.journey.name,
        policy.name,
        _find_file(loaded, ("journey",)),
        _find_file(loaded, ("arms", arm.name, "policy")) or _find_file(loaded, ("policy",)),
        loaded.name,
        loaded.hash,
        arm.name,
        notices=tuple(map(str, loaded.notices)),
    )
    described = describe_policy(policy, f"{named} of {loaded.name}")
    return EvaluationRules(arm.journey, policy, used, described, Inputs.of_scenario(loaded), arm.rules)


def _refuse_inactive(loaded: "LoadedScenario", arm: "ArmSpec") -> None:
    others = [each.name for each in loaded.arms if each.active]
    cure = f"name another with --arm: {', '.join(others)}" if others else "set arms.NAME.active = true for one arm"
    raise InputError(f"{loaded.name}: the arm {arm.name!r} has no orchestrator (active = false); {cure}")


def _find_file(loaded: "LoadedScenario", path: tuple[str, ...]) -> str | None:
    """The last file, override or option that sets a table of the scenario; None if none does."""
    for layer in reversed(loaded.layers):
        if find_value(layer.data, path):
            return layer.source
    return None
