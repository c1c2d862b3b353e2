"""The policy in force, in words: its name, the file that overlays it, and the keys that differ from the default."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from journey.decision.policy import Policy
from scenarios.text.phrases import pluralise

MAX_KEYS = 5
"""Largest number of changed keys to name."""


def describe_policy(policy: Policy, file: str | Path | None) -> str:
    """The policy as a phrase, such as ``bold (bold.toml changes contact.cool_down_days of the default policy)``.

    Args:
        policy: The policy.
        file: The file, or the arm of a scenario, that the policy is from; None for the default policy.
    """
    if file is None:
        return policy.name
    changed = list(list_changes(policy))
    if not changed:
        return f"{policy.name} ({file} changes nothing of the default policy)"
    rest = f" and {pluralise(len(changed) - MAX_KEYS, 'other key')}" if len(changed) > MAX_KEYS else ""
    return f"{policy.name} ({file} changes {', '.join(changed[:MAX_KEYS])}{rest} of the default policy)"


def list_changes(policy: Policy) -> Iterator[str]:
    """Dotted keys of a policy that differ from the default policy, without its name."""
    yield from (key for key in _compare(Policy().model_dump(), policy.model_dump()) if key != "name")


def _compare(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name in dict.fromkeys([*old, *new]):
        before, after = old.get(name), new.get(name)
        if isinstance(before, Mapping) and isinstance(after, Mapping) and set(before) <= set(after):
            yield from _compare(before, after, f"{prefix}{name}.")
        elif before != after:
            yield f"{prefix}{name}"
