"""One nested mapping merged over another: policies, and the layers of a scenario."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any


def deep_merge(
    base: Mapping[str, Any],
    override: Mapping[str, Any],
    table: str = "",
    *,
    dropped_keys: Callable[[str, Iterable[str]], frozenset[str]] = lambda _table, _keys: frozenset(),
) -> dict[str, Any]:
    """`base` with the keys of `override`, table by table; neither is changed.

    A list of `override` replaces the list of `base` as a whole.

    Args:
        base: The earlier mapping.
        override: The later mapping; its values win.
        table: Key under which both mappings are, "" at the top.
        dropped_keys: From the name of a table and the keys that `override` sets in it: the keys of `base` that are
            dropped because they exclude one of them. Default: none.
    """
    dropped = dropped_keys(table, override)
    result = {key: value for key, value in base.items() if key not in dropped}
    for key, value in override.items():
        existing = result.get(key)
        if isinstance(existing, Mapping) and isinstance(value, Mapping):
            result[key] = deep_merge(existing, value, key, dropped_keys=dropped_keys)
        else:
            result[key] = value
    return result
