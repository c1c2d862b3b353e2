"""When a person must approve a recommended action: `approve` of the policy, a word or a table of thresholds.

Earlier versions had the thresholds among `thresholds`. These keys are accepted, and moved to their place in `approve`.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple, get_args

from pydantic import BeforeValidator, Discriminator, Field, Tag

from journey.core.messages import UNION_TAG, KeyProblem
from journey.core.suggestions import suggest_close
from journey.decision.policy_section import PolicySection

Path = tuple[int | str, ...]

APPROVE = "approve"
NEVER: Literal["never"] = "never"
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
        """The path of a key in the policy as it was given."""
        return self.old_paths.get(path, path)


def rename_old_keys(policy: Mapping[str, Any]) -> RenamedKeys:
    """Move the keys of approval that are among `thresholds` to `approve`.

    Args:
        policy: The keys of a policy file, or of one layer of a scenario's policy.
    """
    thresholds, approve = policy.get(_THRESHOLDS), policy.get(APPROVE, {})
    given = {new: old for new, old in _OLD_KEYS.items() if isinstance(thresholds, Mapping) and old in thresholds}
    if not isinstance(thresholds, Mapping) or not given:
        return RenamedKeys(dict(policy), {})
    renamed = {key: value for key, value in policy.items() if key != _THRESHOLDS}
    rest = {key: value for key, value in thresholds.items() if key not in given.values()}
    if rest:
        renamed[_THRESHOLDS] = rest
    problems = tuple(_find_contradictions(approve, {old: thresholds[old] for old in given.values()}))
    if isinstance(approve, Mapping):
        renamed[APPROVE] = {**{new: thresholds[old] for new, old in given.items()}, **approve}
    moved = [(new, old) for new, old in given.items() if isinstance(approve, Mapping) and new not in approve]
    old_paths: dict[Path, Path] = {(APPROVE, new): (_THRESHOLDS, old) for new, old in moved}
    return RenamedKeys(renamed, old_paths, problems)


def _find_contradictions(approve: object, old_keys: Mapping[str, Any]) -> Iterator[KeyProblem]:
    """The keys of `approve` with another value than the old key of the same meaning; a word excludes all of them."""
    for new, old in _OLD_KEYS.items():
        if old not in old_keys or (isinstance(approve, Mapping) and approve.get(new, old_keys[old]) == old_keys[old]):
            continue
        path, value = ((APPROVE, new), approve[new]) if isinstance(approve, Mapping) else ((APPROVE,), approve)
        yield KeyProblem(
            path, f"is {value!r}, but the old key {_THRESHOLDS}.{old} is {old_keys[old]!r}; remove the old key"
        )


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
