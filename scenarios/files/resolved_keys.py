"""The keys of a resolved scenario: each value, and where it comes from."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import BaseModel

from journey.core.errors import InputError
from journey.core.messages import format_location
from journey.core.suggestions import did_you_mean, suggest_close
from journey.core.toml_text import format_path
from journey.decision.policy import Policy, build_policy
from scenarios.files.line_numbers import find_line
from scenarios.files.loader import LoadedScenario
from scenarios.files.merging import Layer, find_layer, merge_layers
from scenarios.files.model import Scenario
from scenarios.files.overrides import parse_key
from scenarios.files.policy_tables import ARMS, POLICY

Path = tuple[str, ...]

_TABLES_OF_ARMS = ("policy", "reviewers", "acquisition")
"""Tables of an arm that override those of the scenario."""


class Provenance(StrEnum):
    """Where the value of a key comes from."""

    BUILTIN = "built-in"
    FILE = "file"
    OVERRIDE = "override"
    OPTION = "option"
    DEFAULT = "default"


class ResolvedKey(NamedTuple):
    """One key of a resolved scenario.

    Attributes:
        path: Its path.
        value: Its value: a number, a text, a list, an empty table or an assumption. None: a default that is not set.
        provenance: Where the value comes from.
        source: The name of the built-in scenario, the file, the override or the option; None for a default.
        line: The line in the file, from 1; None if it is unknown or there is no file.
        source_key: The key as it is written there, which differs for a policy file and for an old key.
    """

    path: Path
    value: Any
    provenance: Provenance
    source: str | None = None
    line: int | None = None
    source_key: str | None = None

    @property
    def key(self) -> str:
        """The dotted key."""
        return format_path(self.path)


def list_keys(loaded: LoadedScenario, key: str | None = None) -> list[ResolvedKey]:
    """The keys of a scenario: those that its layers set, and the defaults of the others.

    The defaults of the policy are listed only if `key` is in the policy, because they are many.

    Args:
        loaded: The scenario.
        key: Dotted key of a table or value. Default: all keys.

    Raises:
        InputError: There is no such key; the message names close ones.
    """
    content = merge_layers(loaded.layers)
    content[ARMS] = {name: arm for name, arm in content.get(ARMS, {}).items() if arm is not False}
    path = parse_key(key, key) if key else ()
    policy = _build_policy(loaded.scenario) if path[:1] == (POLICY,) else None
    found = list(_walk(content, loaded.scenario, (), loaded.layers, policy))
    chosen = [each for each in found if each.path[: len(path)] == path]
    if not chosen:
        raise InputError(_describe_unknown(path, found))
    return chosen


def _build_policy(scenario: Scenario) -> Policy:
    # As where the arms are resolved: the effects of the scenario give `averts` where the policy does not state it.
    return build_policy(scenario.policy, POLICY, None, scenario.population.segments or None, has_effects=True)


def is_value(value: Any) -> bool:
    """Whether a part of a scenario is written as one value: an assumption, an empty table, or anything but a table."""
    return not isinstance(value, Mapping) or not value or not isinstance(value.get("amount", {}), Mapping)


def _walk(
    content: Mapping[str, Any], model: Any, path: Path, layers: tuple[Layer, ...], policy: Policy | None
) -> Iterator[ResolvedKey]:
    """The keys of a table and of the tables in it; `model` is the table after validation, if that is a model."""
    for name, value in content.items():
        inner = _get(model, name)
        below = (*path, name)
        if below == (POLICY,) and policy is not None:
            inner = policy
        if is_value(value):
            yield _locate(below, value, layers)
        else:
            yield from _walk(value, inner, below, layers, policy)
    if isinstance(model, BaseModel):
        for name, value in model.model_dump(mode="json", by_alias=True).items():
            if name not in content:
                yield from _list_defaults((*path, name), value, _get(model, name), policy)


def _list_defaults(path: Path, value: Any, model: Any, policy: Policy | None) -> Iterator[ResolvedKey]:
    if path == (POLICY,) and policy is not None:
        value, model = policy.model_dump(mode="json", by_alias=True), policy
    if isinstance(model, BaseModel) and not is_value(value):
        for name, item in value.items():
            yield from _list_defaults((*path, name), item, _get(model, name), policy)
    elif value != {}:
        yield ResolvedKey(path, value, Provenance.DEFAULT)


def _get(model: Any, key: str) -> Any:
    """What a validated table has under a key of the file; None if it has no such key."""
    if isinstance(model, BaseModel):
        names = {field.alias or name: name for name, field in type(model).model_fields.items()}
        return getattr(model, names[key], None) if key in names else None
    return model.get(key) if isinstance(model, Mapping) else None


def _locate(path: Path, value: Any, layers: tuple[Layer, ...]) -> ResolvedKey:
    layer = find_layer(layers, path)
    written = format_location(layer.path_in_file(path))
    return ResolvedKey(path, value, _classify(layer), layer.source, find_line(layer, path), written)


def _classify(layer: Layer) -> Provenance:
    if layer.is_builtin:
        return Provenance.BUILTIN
    if layer.path is not None:
        return Provenance.FILE
    return Provenance.OPTION if layer.is_option else Provenance.OVERRIDE


def _describe_unknown(path: Path, found: list[ResolvedKey]) -> str:
    """A sentence about a key that does not exist, with close ones: in the table that exists, or anywhere."""
    if path[:1] == (ARMS,) and len(path) > 3 and path[2] in _TABLES_OF_ARMS and not _has_table(found, path[:2]):
        return _describe_unknown(path[:2], found)
    if path[:1] == (ARMS,) and len(path) > 2 and path[2] in _TABLES_OF_ARMS:
        return f"{format_path(path)}: the arm does not set it; the scenario's value is {format_path(path[2:])}"
    depth = max(_count_shared(path, each.path) for each in found)
    if depth == 0 and path[0] in Scenario.model_fields:
        return f"{format_path(path)}: the scenario does not set {path[0]}"
    here = sorted({each.path[depth] for each in found if each.path[:depth] == path[:depth] and len(each.path) > depth})
    here = here if depth else sorted(Scenario.model_fields)
    table = f" of {format_path(path[:depth])}" if depth else ""
    if not here:
        return f"{format_path(path)}: {format_path(path[:depth])} is a value, which has no keys"
    names = {name: each.key for each in found for name in [each.path[-1]]}
    elsewhere = suggest_close(path[-1], here) or suggest_close(path[-1], list(names))
    if path[-1] in names:
        elsewhere = f"; did you mean {names[path[-1]]!r}?"
    return f"{format_path(path)}: unknown key{table}{elsewhere or did_you_mean(path[depth], here)}"


def _has_table(found: list[ResolvedKey], path: Path) -> bool:
    return any(each.path[: len(path)] == path for each in found)


def _count_shared(path: Path, other: Path) -> int:
    """The number of steps that two paths begin with in common."""
    shared = 0
    for step, other_step in zip(path, other, strict=False):
        if step != other_step:
            break
        shared += 1
    return shared
