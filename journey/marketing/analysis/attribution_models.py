"""Credit for conversions, from customer paths: first, last and linear touch, and removal effects of a Markov chain.

Channels and counts in, credit out; nothing here knows a campaign. Each method gives out every conversion exactly once,
so credits of two methods are two answers to one question and are never added.

**Markov** (Anderl, Becker, von Wangenheim and Schumann 2016, doi:10.1016/j.ijresmar.2016.03.001): prospects go from
channel to channel, to a conversion or away, with the frequencies of the recorded paths, the next step depending on the
last channels (as many as the order says). The removal effect of a channel is the share of conversions that are lost if
whoever comes to it goes away; credit is in proportion to it. It is computed exactly, by solving the chain.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import fsum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np

    Column = np.ndarray[tuple[int], np.dtype[np.float64]]


class Path(NamedTuple):
    """Channels in the order in which prospects met them, and what became of these prospects.

    Attributes:
        channels: One or more channels; one may come several times.
        conversions: How many converted after the last one.
        value: What these conversions brought together, in dollars; None when that is not known.
        nulls: How many went away after the last one.
    """

    channels: tuple[str, ...]
    conversions: int
    value: float | None = None
    nulls: int = 0


class Credit(NamedTuple):
    """What one method credits one channel with.

    Attributes:
        conversions: Conversions, or parts of them; None where the method has no answer.
        value: Dollars; None where the value of a conversion is not known.
        removal_effect: Share of all conversions that would be lost without the channel; of the Markov chain only.
        removal_effect_value: The same of the value.
    """

    conversions: float | None
    value: float | None
    removal_effect: float | None = None
    removal_effect_value: float | None = None


Credits = dict[str, Credit]
"""Credit by channel, in order of channel; every channel of the paths is there."""


def first_touch(paths: Sequence[Path]) -> Credits:
    """Every conversion to the channel that was met first."""
    return _distribute_credit(paths, lambda channels: {channels[0]: 1.0})


def last_touch(paths: Sequence[Path]) -> Credits:
    """Every conversion to the channel that was met last."""
    return _distribute_credit(paths, lambda channels: {channels[-1]: 1.0})


def linear(paths: Sequence[Path]) -> Credits:
    """Every conversion in equal parts to all touches; a channel that was met twice has two of them."""

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
        channel: Credit(fsum(given), fsum(values[channel]) if has_values else None)
        for channel, given in conversions.items()
    }


def list_channels(paths: Iterable[Path]) -> list[str]:
    """Every channel that is met, in order."""
    return sorted({channel for path in paths for channel in path.channels})


def has_known_values(paths: Iterable[Path]) -> bool:
    """Whether every path with a conversion says what that brought."""
    return all(path.value is not None for path in paths if path.conversions)


def markov(paths: Sequence[Path], order: int = 1) -> Credits:
    """Credit in proportion to removal effects.

    Args:
        paths: The paths.
        order: How many of the last channels the next step depends on, 1 or more.

    Returns:
        Credit without a number where nobody converted: then nothing can be lost.
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
    whole = fsum(weights.values())
    return {name: total * weight / whole for name, weight in weights.items()}


State = tuple[str, ...]
"""The last channels, oldest first; nobody has met any at the start."""

_START: State = ()


class _MarkovChain:
    """The Markov chain of some paths, as linear equations over its states."""

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
        """``I - Q`` with Q the moves between states, and what each state brings at once: conversions, value."""
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
        """Conversions and dollars to be expected of one prospect, if whoever comes to `removed` goes away."""
        import numpy as np
        from scipy.sparse.linalg import splu

        if _START not in self._departures:
            return 0.0, 0.0
        # Nobody is removed at the start, which is the first of the states.
        is_kept = np.array([not state or state[-1] != removed for state in self._states])
        solved = splu(self._matrix[is_kept][:, is_kept].tocsc())
        conversions, value = (float(solved.solve(end_values[is_kept])[0]) for end_values in self._end_values)
        return conversions, value
