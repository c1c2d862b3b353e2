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
    return _shared(paths, lambda channels: {channels[0]: 1.0})


def last_touch(paths: Sequence[Path]) -> Credits:
    """Every conversion to the channel that was met last."""
    return _shared(paths, lambda channels: {channels[-1]: 1.0})


def linear(paths: Sequence[Path]) -> Credits:
    """Every conversion in equal parts to all touches; a channel that was met twice has two of them."""

    def parts(channels: tuple[str, ...]) -> Mapping[str, float]:
        return {channel: channels.count(channel) / len(channels) for channel in channels}

    return _shared(paths, parts)


def _shared(paths: Sequence[Path], parts: Callable[[tuple[str, ...]], Mapping[str, float]]) -> Credits:
    conversions: dict[str, list[float]] = {channel: [] for channel in channels_of(paths)}
    values: dict[str, list[float]] = {channel: [] for channel in conversions}
    for path in paths:
        for channel, part in parts(path.channels).items():
            conversions[channel].append(part * path.conversions)
            values[channel].append(part * (path.value or 0.0))
    known = values_known(paths)
    return {
        channel: Credit(fsum(given), fsum(values[channel]) if known else None) for channel, given in conversions.items()
    }


def channels_of(paths: Iterable[Path]) -> list[str]:
    """Every channel that is met, in order."""
    return sorted({channel for path in paths for channel in path.channels})


def values_known(paths: Iterable[Path]) -> bool:
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
    chain = _Chain(paths, order)
    channels = channels_of(paths)
    conversions, value = chain.expected(None)
    if conversions <= 0.0:
        return dict.fromkeys(channels, Credit(None, None))
    left = {channel: chain.expected(channel) for channel in channels}
    lost = {channel: 1.0 - rest / conversions for channel, (rest, _) in left.items()}
    parts = _in_proportion(lost, fsum(path.conversions for path in paths))
    if not values_known(paths) or value <= 0.0:
        return {channel: Credit(parts[channel], None, lost[channel]) for channel in channels}
    lost_value = {channel: 1.0 - rest / value for channel, (_, rest) in left.items()}
    values = _in_proportion(lost_value, fsum(path.value or 0.0 for path in paths))
    return {
        channel: Credit(parts[channel], values[channel], lost[channel], lost_value[channel]) for channel in channels
    }


def _in_proportion(weights: Mapping[str, float], total: float) -> dict[str, float]:
    whole = fsum(weights.values())
    return {name: total * weight / whole for name, weight in weights.items()}


State = tuple[str, ...]
"""The last channels, oldest first; nobody has met any at the start."""

_START: State = ()


class _Chain:
    """The Markov chain of some paths, as linear equations over its states."""

    def __init__(self, paths: Sequence[Path], order: int) -> None:
        self._steps: dict[State, dict[State, float]] = defaultdict(lambda: defaultdict(float))
        self._left: dict[State, float] = defaultdict(float)
        self._converted: dict[State, float] = defaultdict(float)
        self._value: dict[State, float] = defaultdict(float)
        for path in paths:
            self._walk(path, order)
        self._states = list(self._left)
        self._matrix, self._ends = self._equations()

    def _walk(self, path: Path, order: int) -> None:
        number = path.conversions + path.nulls
        if not number:
            return
        here = _START
        for channel in path.channels:
            self._left[here] += number
            there = (*here, channel)[-order:]
            self._steps[here][there] += number
            here = there
        self._left[here] += number
        self._converted[here] += path.conversions
        self._value[here] += path.value or 0.0

    def _equations(self) -> tuple[Any, list["Column"]]:
        """``I - Q`` with Q the moves between states, and what each state brings at once: conversions, value."""
        import numpy as np
        from scipy.sparse import csr_array, eye_array

        place = {state: number for number, state in enumerate(self._states)}
        moves = [
            (place[here], place[there], number / self._left[here])
            for here, steps in self._steps.items()
            for there, number in steps.items()
        ]
        rows, columns, shares = zip(*moves, strict=True) if moves else ((), (), ())
        between = csr_array((shares, (rows, columns)), shape=(len(place), len(place)))
        ends = [
            np.array([brought[state] / self._left[state] for state in self._states])
            for brought in (self._converted, self._value)
        ]
        return (eye_array(len(place)) - between).tocsr(), ends

    def expected(self, removed: str | None) -> tuple[float, float]:
        """Conversions and dollars to be expected of one prospect, if whoever comes to `removed` goes away."""
        import numpy as np
        from scipy.sparse.linalg import splu

        if _START not in self._left:
            return 0.0, 0.0
        # Nobody is removed at the start, which is the first of the states.
        kept = np.array([not state or state[-1] != removed for state in self._states])
        solved = splu(self._matrix[kept][:, kept].tocsc())
        conversions, value = (float(solved.solve(end[kept])[0]) for end in self._ends)
        return conversions, value
