"""Where a scenario has policies: its own, and those of its arms."""

from collections.abc import Iterator, Mapping
from typing import Any

POLICY = "policy"
ARMS = "arms"


def list_policy_paths(data: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The paths at which a scenario, or a layer of one, may have a policy: its own first, then those of its arms."""
    yield (POLICY,)
    arms = data.get(ARMS)
    if isinstance(arms, Mapping):
        yield from ((ARMS, name, POLICY) for name in arms)
