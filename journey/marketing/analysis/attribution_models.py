"""Credit for conversions, from customer paths: first, last and linear touch, and removal effects of a Markov chain.

The functions work on channels and counts and know no campaigns. Each method distributes every conversion exactly once.
Credits of different methods are alternative answers and must not be added.

**Markov** (Anderl, Becker, von Wangenheim and Schumann 2016, doi:10.1016/j.ijresmar.2016.03.001): prospects go from
channel to channel, to a conversion, or leave, with the frequencies of the recorded paths. The next step depends on the
last channels; their number is the order of the chain. The removal effect of a channel is the share of conversions lost
if every prospect that reaches it leaves; credit is proportional to it. It is computed exactly, by solving the chain.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import fsum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np

    Column = np.ndarray[tuple[int], np.dtype[np.float64]]


class Path(NamedTuple):
    """Channels in the order in which prospects were in contact with them, and the outcomes of these prospects.

    Attributes:
        channels: One or more channels; a channel may occur several times.
        conversions: Number of prospects that converted after the last channel.
        value: Total value of these conversions in dollars; None if unknown.
        nulls: Number of prospects that left after the last channel.
    """

    channels: tuple[str, ...]
    conversions: int
    value: float | None = None
    nulls: int = 0


class Credit(NamedTuple):
    """Credit of one channel by one method.

    Attributes:
        conversions: Credited conversions, possibly fractional; None if undefined.
        value: Credited dollars; None if the value of a conversion is unknown.
        removal_effect: Share of all conversions lost without the channel; Markov chain only.
        removal_effect_value: Share of the value lost without the channel; Markov chain only.
    """

    conversions: float | None
    value: float | None
    removal_effect: float | None = None
    removal_effect_value: float | None = None


Credits = dict[str, Credit]
"""Credit by channel, sorted by channel; contains every channel of the paths."""


def first_touch(paths: Sequence[Path]) -> Credits:
    """Credit every conversion to the first channel of its path."""
    return _distribute_credit(paths, lambda channels: {channels[0]: 1.0})


def last_touch(paths: Sequence[Path]) -> Credits:
    """Credit every conversion to the last channel of its path."""
    return _distribute_credit(paths, lambda channels: {channels[-1]: 1.0})


def linear(paths: Sequence[Path]) -> Credits:
    """Credit every conversion in equal parts to all touches; a channel that occurs twice gets two parts."""

    def parts(channels: tuple[str, ...]) -> Mapping[str, float]:
        return {channel: channels.count(channel) / len(channels) for channel in channels}

    return _distribute_credit(paths, parts)


def _distribute_credit(
    paths: Sequence[Path], compute_parts: Callable[[tuple[str, ...]], Mapping[str, float]]
) -> Credits:
    conversions: dict[str, list[float]] = {channel: [] for channel in list_channels(paths)}
    values: dict[str, list[float]] = {channel: [] for channel in conversions}
    for path in paths:
        for channel, part in compute_parts(path.channels).items():
            conversions[channel].append(part * path.conversions)
            values[channel].append(part * (path.value or 0.0))
    has_values = has_known_values(paths)
    return {
        channel: Credit(fsum(parts), fsum(values[channel]) if has_values else None)
        for channel, parts in conversions.items()
    }


def list_channels(paths: Iterable[Path]) -> list[str]:
    """Every channel of the paths, sorted."""
    return sorted({channel for path in paths for channel in path.channels})


def has_known_values(paths: Iterable[Path]) -> bool:
    """Whether every path with a conversion has a value."""
    return all(path.value is not None for path in paths if path.conversions)


def markov(paths: Sequence[Path], order: int = 1) -> Credits:
    """Credit in proportion to removal effects.

    Args:
        paths: The paths.
        order: Number of last channels that the next step depends on, 1 or more.

    Returns:
        Credit by channel; all values are None if there is no conversion.
    """
    chain = _MarkovChain(paths, order)
    channels = list_channels(paths)
    conversions, value = chain.compute_expected(None)
    if conversions <= 0.0:
        return dict.fromkeys(channels, Credit(None, None))
    remaining = {channel: chain.compute_expected(channel) for channel in channels}
    lost = {channel: 1.0 - remainder / conversions for channel, (remainder, _) in remaining.items()}
    parts = _allocate_proportionally(lost, fsum(path.conversions for path in paths))
    if not has_known_values(paths) or value <= 0.0:
        return {channel: Credit(parts[channel], None, lost[channel]) for channel in channels}
    lost_value = {channel: 1.0 - remainder / value for channel, (_, remainder) in remaining.items()}
    values = _allocate_proportionally(lost_value, fsum(path.value or 0.0 for path in paths))
    return {
        channel: Credit(parts[channel], values[channel], lost[channel], lost_value[channel]) for channel in channels
    }


def _allocate_proportionally(weights: Mapping[str, float], total: float) -> dict[str, float]:
    total_weight = fsum(weights.values())
    return {name: total * weight / total_weight for name, weight in weights.items()}


State = tuple[str, ...]
"""The last channels, oldest first; empty at the start."""

_START: State = ()


class _MarkovChain:
    """The Markov chain of the paths, as linear equations over its states."""

    def __init__(self, paths: Sequence[Path], order: int) -> None:
        self._steps: dict[State, dict[State, float]] = defaultdict(lambda: defaultdict(float))
        self._departures: dict[State, float] = defaultdict(float)
        self._converted: dict[State, float] = defaultdict(float)
        self._value: dict[State, float] = defaultdict(float)
        for path in paths:
            self._add_path(path, order)
        self._states = list(self._departures)
        self._matrix, self._end_values = self._build_equations()

    def _add_path(self, path: Path, order: int) -> None:
        number = path.conversions + path.nulls
        if not number:
            return
        state = _START
        for channel in path.channels:
            self._departures[state] += number
            next_state = (*state, channel)[-order:]
            self._steps[state][next_state] += number
            state = next_state
        self._departures[state] += number
        self._converted[state] += path.conversions
        self._value[state] += path.value or 0.0

    def _build_equations(self) -> tuple[Any, list["Column"]]:
        """``I - Q``, with Q the transition matrix, and the immediate conversions and value of each state."""
        import numpy as np
        from scipy.sparse import csr_array, eye_array

        index = {state: number for number, state in enumerate(self._states)}
        moves = [
            (index[source], index[destination], number / self._departures[source])
            for source, steps in self._steps.items()
            for destination, number in steps.items()
        ]
        rows, columns, shares = zip(*moves, strict=True) if moves else ((), (), ())
        transitions = csr_array((shares, (rows, columns)), shape=(len(index), len(index)))
        ends = [
            np.array([totals[state] / self._departures[state] for state in self._states])
            for totals in (self._converted, self._value)
        ]
        return (eye_array(len(index)) - transitions).tocsr(), ends

    def compute_expected(self, removed: str | None) -> tuple[float, float]:
        """Expected conversions and dollars per prospect, if prospects that reach `removed` leave."""
        import numpy as np
        from scipy.sparse.linalg import splu

        if _START not in self._departures:
            return 0.0, 0.0
        # The start, which is the first state, is never removed.
        is_kept = np.array([not state or state[-1] != removed for state in self._states])
        solved = splu(self._matrix[is_kept][:, is_kept].tocsc())
        conversions, value = (float(solved.solve(end_values[is_kept])[0]) for end_values in self._end_values)
        return conversions, value
