"""Layers of a scenario, merged table by table: the files it extends, the file itself, and overrides.

Lists are replaced as a whole. Some keys exclude each other. If a later layer sets `reviewers.count`, an earlier
`reviewers.per_1000` is dropped, and vice versa, so the merged scenario has no contradiction.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from journey.core.errors import InputError
from journey.core.merging import deep_merge
from journey.core.messages import format_location
from journey.core.nested_tables import remove_key
from scenarios.files.messages import is_override_of

_EXCLUDES: dict[str, dict[str, tuple[str, ...]]] = {
    "reviewers": {"count": ("per_1000",), "per_1000": ("count",)},
    "population": {
        "records": ("segments", "start", "in_mid_stay", "in_distress", "correlations", "arrivals"),
        "segments": ("records", "as_of"),
    },
}
"""By table and by key of a later layer, the keys of earlier layers that are dropped."""


_JOURNEY = ("journey",)
_RULES_OF_JOURNEY = ("journey", "rules")
"""Path in a scenario of the rules that a journey file declares as ``[[rules]]``."""

BUILTIN = Path(__file__).parents[1] / "builtin"
"""Folder of the built-in scenarios."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One source of keys.

    Attributes:
        source: Its origin, in the user's words: a file, an override such as ``a.b=c``, or an option such as ``seed=5``.
        data: Its keys, normalised (see `normalise`).
        path: The file; None for options and overrides.
        is_option: Whether it is an option of a command or function, and not an override.
        replaces: Path of the table that the layer replaces as a whole, for a file that is named in place of a table.
        content_of: Path of the table that the file is the content of, such as that of the policy; the file has its keys
            without this path. Empty for other files.
        old_paths: By the path of a key that earlier versions had elsewhere: its path as the user wrote it.
    """

    source: str
    data: Mapping[str, Any]
    path: Path | None = None
    is_option: bool = False
    replaces: tuple[str, ...] = ()
    content_of: tuple[str, ...] = ()
    old_paths: Mapping[tuple[int | str, ...], tuple[int | str, ...]] = field(default_factory=dict)

    @property
    def is_builtin(self) -> bool:
        """Whether it is the file of a built-in scenario."""
        return self.path is not None and self.path.parent == BUILTIN

    def path_in_file(self, path: Sequence[int | str]) -> tuple[int | str, ...]:
        """The path of a key of the scenario as it is written in this layer."""
        written = tuple(path)
        written = self.old_paths.get(written, written)
        if self.replaces == _JOURNEY and written[:2] == _RULES_OF_JOURNEY:
            return written[1:]
        depth = len(self.content_of)
        return written[depth:] if written[:depth] == self.content_of else written


def merge_keys(base: Mapping[str, Any], override: Mapping[str, Any], table: str = "") -> dict[str, Any]:
    """Merge a later layer into an earlier one, table by table, and drop keys that the later layer excludes.

    Args:
        base: The earlier layer.
        override: The later layer, whose values replace earlier ones.
        table: Name of the table that both layers are, which determines the keys that exclude each other.
    """
    return deep_merge(base, override, table, dropped_keys=_find_dropped_keys)


def _find_dropped_keys(table: str, keys: Iterable[str]) -> frozenset[str]:
    excludes = _EXCLUDES.get(table, {})
    return frozenset(name for key in keys for name in excludes.get(key, ()))


def refuse_contradictions(layers: Sequence[Layer]) -> None:
    """Refuse layers of equal rank (several overrides) with keys that exclude each other.

    Raises:
        InputError: Two layers have such keys; one would silently replace the other.
    """
    given_by: dict[tuple[tuple[str, ...], str], str] = {}
    for layer in layers:
        for table, key in _exclusive_keys(layer.data, ()):
            for other in _EXCLUDES[table[-1]].get(key, ()):
                if (table, other) in given_by and given_by[table, other] != layer.source:
                    raise InputError(f"{layer.source}: contradicts {given_by[table, other]}; give one of the two")
            given_by[table, key] = layer.source


def _exclusive_keys(data: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """The keys of all tables in which some keys exclude each other, with the path of the table."""
    for name, value in data.items():
        if isinstance(value, Mapping):
            if name in _EXCLUDES:
                yield from (((*above, name), key) for key in value)
            else:
                yield from _exclusive_keys(value, (*above, name))


def merge_layers(layers: Sequence[Layer]) -> dict[str, Any]:
    """Merge all layers; later layers replace values of earlier ones."""
    result: dict[str, Any] = {}
    for layer in layers:
        result = merge_keys(result, layer.data)
    return result


def drop_replaced(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """The layers without the tables that a later layer replaces as a whole."""
    kept: list[Layer] = []
    for layer in layers:
        if layer.replaces:
            kept = [replace(earlier, data=remove_key(earlier.data, layer.replaces)) for earlier in kept]
        kept.append(layer)
    return tuple(kept)


def normalise(data: Mapping[str, Any]) -> dict[str, Any]:
    """A layer in the form that is merged.

    Dates become text. An amount without a provenance becomes ``assumed``, so that it does not inherit the provenance of
    the number it replaces.
    """
    result = {str(key): _normalise_value(value) for key, value in data.items()}
    if "amount" in result:
        result.setdefault("provenance", "assumed")
    return result


def _normalise_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return normalise(value)
    if isinstance(value, list):
        return [_normalise_value(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def name_key(layers: Sequence[Layer], path: Sequence[int | str]) -> str:
    """The source of a key and the key as it is written there, such as ``policy.toml: thresholds.act_severity``."""
    layer = find_layer(layers, path)
    key = format_location(layer.path_in_file(path))
    is_named = layer.path is None and is_override_of(layer.source, key)
    return layer.source if is_named or not key else f"{layer.source}: {key}"


def find_layer(layers: Sequence[Layer], path: Sequence[int | str]) -> Layer:
    """The layer that sets the key at `path`: the last of those that contain the longest part of it."""
    best, depth = layers[-1], 0
    for layer in layers:
        reached = _match_depth(layer.data, path)
        if reached and reached >= depth:
            best, depth = layer, reached
    if depth == 0:
        # No layer sets the key, so it is missing, and the scenario's own file is where to add it.
        files = [layer for layer in layers if layer.path is not None and not layer.replaces]
        return files[-1] if files else best
    return best


def _match_depth(data: Any, path: Sequence[int | str]) -> int:
    """How many steps of a path a layer contains.

    A plain value and a list count for everything below them, because they replace the value of an earlier layer.
    """
    here: Any = data
    for depth, step in enumerate(path):
        if not isinstance(here, Mapping):
            return len(path)
        if step not in here:
            return depth
        here = here[step]
    return len(path)
