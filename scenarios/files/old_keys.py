"""Keys of earlier versions in a layer, moved to where they are now."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from journey.core.errors import InputError
from journey.core.messages import KeyProblem
from journey.core.nested_tables import find_value, replace_value
from journey.decision.approval import rename_old_keys, restore_old_keys
from scenarios.files.merging import Layer, merge_keys
from scenarios.files.policy_tables import list_policy_paths

Path = tuple[int | str, ...]


def move_old_keys(layer: Layer) -> tuple[Layer, list[KeyProblem]]:
    """A layer without old keys, and the old keys that contradict new ones.

    Args:
        layer: The layer. Its `old_paths` become those of the keys that were moved.
    """
    data, old_paths, problems = dict(layer.data), dict(layer.old_paths), []
    for path in _list_policies(data):
        renamed = rename_old_keys(find_value(data, path))
        problems += [KeyProblem((*path, *each.path), each.message) for each in renamed.problems]
        if renamed.old_paths:
            data = replace_value(data, path, renamed.policy)
            old_paths |= {(*path, *new): (*path, *old) for new, old in renamed.old_paths.items()}
    return replace(layer, data=data, old_paths=old_paths), problems


def refuse_contradicting_old_keys(layers: Sequence[Layer]) -> None:
    """Refuse layers of equal rank (several overrides) of which one has an old key, and another one its new key.

    Raises:
        InputError: Two layers have such keys with different values; one would silently replace the other.
    """
    for first, second in combinations(layers, 2):
        both = Layer(second.source, merge_keys(first.data, second.data))
        if move_old_keys(both)[1] and not move_old_keys(first)[1] and not move_old_keys(second)[1]:
            raise InputError(f"{second.source}: contradicts {first.source}; give one of the two")


def restore_old_policy_keys(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a scenario with the keys of its policies where earlier versions had them, for its hash."""
    restored = dict(content)
    for path in _list_policies(restored):
        restored = replace_value(restored, path, restore_old_keys(find_value(restored, path)))
    return restored


def _list_policies(data: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The paths of the policies that a scenario or layer has."""
    return (path for path in list_policy_paths(data) if isinstance(find_value(data, path), Mapping))
