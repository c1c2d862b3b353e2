"""Layers: one scenario laid over another, table by table.

Lists are replaced whole. Keys that exclude each other never meet: where a later layer says `reviewers.count`, an
earlier `reviewers.per_1000` is dropped, and the reverse; so nothing that is configured contradicts anything else.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from journey.core.errors import InputError
from journey.core.merging import deep_merge

_EXCLUDES: dict[str, dict[str, tuple[str, ...]]] = {
    "reviewers": {"count": ("per_1000",), "per_1000": ("count",)},
    "population": {
        "records": ("segments", "start", "in_mid_stay", "in_distress", "correlations", "arrivals"),
        "segments": ("records", "as_of"),
    },
}
"""Table -> key in a later layer -> keys of earlier layers that it drops."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One source of keys.

    Attributes:
        source: Where it comes from, as a user would name it: a file, or ``--set a.b=c``.
        data: Its keys, normalised (see `normalise`).
    """

    source: str
    data: Mapping[str, Any]


def merge_keys(base: Mapping[str, Any], over: Mapping[str, Any], table: str = "") -> dict[str, Any]:
    """`base` with the keys of `over`, table by table; keys that exclude each other never meet.

    Args:
        base: The earlier layer.
        over: The later layer; it wins.
        table: Name of the table that both are, to know which of its keys exclude each other.
    """
    return deep_merge(base, over, table, dropped_keys=_find_dropped_keys)


def _find_dropped_keys(table: str, keys: Iterable[str]) -> frozenset[str]:
    excludes = _EXCLUDES.get(table, {})
    return frozenset(name for key in keys for name in excludes.get(key, ()))


def refuse_contradictions(layers: Sequence[Layer]) -> None:
    """Layers of the same standing (several ``--set``) must not say two things that exclude each other.

    Raises:
        InputError: They do; one would silently replace the other.
    """
    given_by: dict[tuple[tuple[str, ...], str], str] = {}
    for layer in layers:
        for table, key in _exclusive_keys(layer.data, ()):
            for other in _EXCLUDES[table[-1]].get(key, ()):
                if (table, other) in given_by and given_by[table, other] != layer.source:
                    raise InputError(f"{layer.source}: contradicts {given_by[table, other]}; give one of the two")
            given_by[table, key] = layer.source


def _exclusive_keys(data: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every key, with the path of its table, of the tables that have keys excluding each other."""
    for name, value in data.items():
        if isinstance(value, Mapping):
            if name in _EXCLUDES:
                yield from (((*above, name), key) for key in value)
            else:
                yield from _exclusive_keys(value, (*above, name))


def merge_layers(layers: Sequence[Layer]) -> dict[str, Any]:
    """All layers, the last one on top."""
    result: dict[str, Any] = {}
    for layer in layers:
        result = merge_keys(result, layer.data)
    return result


def normalise(data: Mapping[str, Any]) -> dict[str, Any]:
    """A layer as it takes part in the merge.

    Dates become text. An amount that is given without a provenance is ``assumed``: it must not inherit the provenance
    of the number that it replaces.
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


def find_source(layers: Sequence[Layer], path: Sequence[int | str]) -> str:
    """The source that said the key at `path`: the last layer that goes furthest along it."""
    best, depth = layers[-1].source if layers else "", 0
    for layer in layers:
        reached = _match_depth(layer.data, path)
        if reached and reached >= depth:
            best, depth = layer.source, reached
    if depth == 0 and layers:
        # No file sets it, so it is missing: the file that was asked for is the place to mend it.
        files = [layer.source for layer in layers if not layer.source.startswith("--")]
        return files[-1] if files else best
    return best


def _match_depth(data: Any, path: Sequence[int | str]) -> int:
    """How far along a path a layer goes; a plain value on the way stands for everything below it."""
    here: Any = data
    for depth, step in enumerate(path):
        if not isinstance(here, Mapping | list):
            return len(path)
        below: Any = here
        try:
            here = below[step]
        except (KeyError, IndexError, TypeError):
            return depth
    return len(path)
