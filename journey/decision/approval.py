"""When a person must approve a recommended action: the policy's `approve`, a word or a table of thresholds.

In earlier versions the keys of `approve` were part of `thresholds`. They are accepted there, and moved to `approve`.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple, get_args

from pydantic import BeforeValidator, Discriminator, Field, Tag

from journey.core.messages import UNION_TAG, KeyProblem
from journey.core.suggestions import suggest_close
from journey.decision.policy_section import PolicySection

Path = tuple[int | str, ...]

APPROVE = "approve"
ALWAYS: Literal["always"] = "always"
ApprovalWord = Literal["never", "always"]

_THRESHOLDS = "thresholds"
_OLD_KEYS = {
    "human_severity": "approve_human_severity",
    "high_tier_severity": "approve_high_tier_severity",
    "value": "approve_value",
    "value_severity": "approve_value_severity",
}
"""The key of `thresholds` that each key of `approve` had in earlier versions."""


class ApprovalRules(PolicySection):
    """When a person must approve a recommended action: if any of three cases applies."""

    human_severity: float = Field(
        default=0.5, ge=0.0, le=1.0, description="Approval from this severity for human-delivered actions."
    )
    high_tier_severity: float = Field(
        default=0.35, ge=0.0, le=1.0, description="Approval from this severity for risk tier high."
    )
    value: float = Field(
        default=50_000.0,
        ge=0.0,
        description="Smallest value of a high-value account, in dollars (rule of the bundled data).",
    )
    value_severity: float = Field(
        default=0.3, ge=0.0, le=1.0, description="Approval from this severity for high-value accounts."
    )


def _check_word(value: object) -> object:
    """Refuse a value that is neither a word nor a table, so that a spelling mistake never switches approval off."""
    words = get_args(ApprovalWord)
    if isinstance(value, str) and value in words:
        return value
    hint = suggest_close(value, words) if isinstance(value, str) else ""
    keys = ", ".join(ApprovalRules.model_fields)
    raise ValueError(f"must be 'never', 'always' or a table with {keys}, but {value!r} was given{hint}")


def _select_form(value: object) -> str:
    return f"{UNION_TAG}table" if isinstance(value, Mapping | ApprovalRules) else f"{UNION_TAG}word"


Approval = Annotated[
    Annotated[ApprovalRules, Tag(f"{UNION_TAG}table")]
    | Annotated[ApprovalWord, BeforeValidator(_check_word), Tag(f"{UNION_TAG}word")],
    Discriminator(_select_form),
]
"""``never``, ``always``, or the thresholds from which a person must approve."""


class RenamedKeys(NamedTuple):
    """A policy without old keys.

    Attributes:
        policy: The keys of the policy.
        old_paths: By the path of a key that was moved: its path in the policy as it was given.
        problems: Old and new keys with different values; the old key is not moved.
    """

    policy: dict[str, Any]
    old_paths: dict[Path, Path]
    problems: tuple[KeyProblem, ...] = ()

    def find_given_path(self, path: Path) -> Path:
        """The path that a key had in the policy as it was given."""
        return self.old_paths.get(path, path)


def rename_old_keys(policy: Mapping[str, Any]) -> RenamedKeys:
    """Move the keys of approval that are among `thresholds` to `approve`.

    Args:
        policy: The keys of a policy file, or of one layer of a scenario's policy.
    """
    thresholds = policy.get(_THRESHOLDS)
    if not isinstance(thresholds, Mapping) or thresholds.keys().isdisjoint(_OLD_KEYS.values()):
        return RenamedKeys(dict(policy), {})
    given = {new: thresholds[old] for new, old in _OLD_KEYS.items() if old in thresholds}
    rest = {key: value for key, value in thresholds.items() if key not in _OLD_KEYS.values()}
    renamed = {key: value for key, value in policy.items() if key != _THRESHOLDS}
    if rest:
        renamed[_THRESHOLDS] = rest
    approve = policy.get(APPROVE, {})
    problems = tuple(_find_contradictions(approve, given))
    if not isinstance(approve, Mapping):
        return RenamedKeys(renamed, {}, problems)
    renamed[APPROVE] = {**given, **approve}
    old_paths: dict[Path, Path] = {(APPROVE, new): (_THRESHOLDS, _OLD_KEYS[new]) for new in given if new not in approve}
    return RenamedKeys(renamed, old_paths, problems)


def _find_contradictions(approve: object, given: Mapping[str, Any]) -> Iterator[KeyProblem]:
    """Old keys that contradict `approve`: a key of the same meaning has another value, or `approve` is a word.

    Args:
        approve: `approve` of the policy.
        given: The values of the old keys, by new key.
    """
    for new, old_value in given.items():
        path: Path = (APPROVE,)
        value = approve
        if isinstance(approve, Mapping):
            if new not in approve or approve[new] == old_value:
                continue
            path, value = (APPROVE, new), approve[new]
        message = f"is {value!r}, but the old key {_THRESHOLDS}.{_OLD_KEYS[new]} is {old_value!r}"
        yield KeyProblem(path, f"{message}; remove the old key")


def restore_old_keys(policy: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a policy with the thresholds of approval where earlier versions had them, for hashes."""
    approve = policy.get(APPROVE)
    if not isinstance(approve, Mapping):
        return dict(policy)
    restored = {key: value for key, value in policy.items() if key != APPROVE}
    moved = {_OLD_KEYS[key]: value for key, value in approve.items()}
    if moved:
        restored[_THRESHOLDS] = {**restored.get(_THRESHOLDS, {}), **moved}
    return restored
