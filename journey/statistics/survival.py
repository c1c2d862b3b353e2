"""Times until an event, in intervals: cumulative incidence, restricted mean and quantiles, with censoring.

Within an interval the order of events and censorings is unknown, so half of those censored in it, and of those whose
observation begins in it, count as at risk: the life-table estimate of Cutler and Ederer (1958). Without an end that
competes it estimates the curve of Kaplan and Meier (1958), with one that of Aalen and Johansen (1978). Where no
observation begins or is censored in an interval with events, it equals them.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class GroupedTimes:
    """Observations of customers, counted in equal intervals of a window.

    Attributes:
        window: Length of the window.
        reached: By interval: observations that ended at the event.
        competed: By interval: observations that ended in another way, after which the event cannot happen.
        censored: By interval: observations that ended without either; one more entry has those of the whole window.
        entered: By interval: observations that began at this age, not at 0, and had no event before (left truncation).
    """

    window: float
    reached: Sequence[int]
    competed: Sequence[int]
    censored: Sequence[int]
    entered: Sequence[int]

    @property
    def observations(self) -> int:
        """Number of observations."""
        return sum(self.reached) + sum(self.competed) + sum(self.censored)


@dataclass(frozen=True, slots=True)
class Incidence:
    """The estimated share that has had the event, at the ends of the intervals.

    Attributes:
        window: Length of the window.
        intervals: Number of intervals.
        shares: The share at time 0 and at the end of each interval, as long as it is known.
        error: Largest error of a share by the grouping: half the difference between all events of an interval before
            all its censorings and entries, and all after.
    """

    window: float
    intervals: int
    shares: tuple[float, ...]
    error: float

    @property
    def is_complete(self) -> bool:
        """Whether the curve is known up to the end of the window."""
        return len(self.shares) == self.intervals + 1


def estimate_incidence(times: GroupedTimes) -> Incidence:
    """Estimate the cumulative incidence of the event, with a competing end and left truncation.

    The curve ends where no observation is at risk any more, unless all have ended with an event or a competing end.

    Args:
        times: The observations.
    """
    to_enter = sum(times.entered)
    at_risk = times.observations - to_enter
    free, share, shares = 1.0, 0.0, [0.0]
    early = late = (1.0, 0.0)
    columns = zip(times.reached, times.competed, times.censored, times.entered, strict=False)
    for reached, competed, censored, entered in columns:
        events = reached + competed
        if at_risk + to_enter <= 0 and free > 0.0:
            break
        if events:
            exposed = max(events, at_risk + (entered - censored) / 2.0)
            share += free * reached / exposed
            free *= 1.0 - events / exposed
            early = _advance(early, reached, events, max(events, at_risk + entered))
            late = _advance(late, reached, events, max(events, at_risk - censored))
        shares.append(share)
        to_enter -= entered
        at_risk += entered - events - censored
    return Incidence(times.window, len(times.reached), tuple(shares), abs(late[1] - early[1]) / 2.0)


def _advance(before: tuple[float, float], reached: int, events: int, exposed: int) -> tuple[float, float]:
    """The share without any end and the share that has reached the event, after an interval."""
    free, share = before
    return free * (1.0 - events / exposed), share + free * reached / exposed


def restricted_mean(incidence: Incidence) -> float | None:
    """Mean time until the event, where a time beyond the window counts as the whole window (Royston and Parmar 2013).

    It is the area above the curve. A customer with a competing end never has the event, so the whole window counts.
    None if the curve is not known up to the end of the window.
    """
    if not incidence.is_complete:
        return None
    first, last, count = incidence.shares[0], incidence.shares[-1], incidence.intervals
    area = (sum(incidence.shares) - (first + last) / 2.0) / count
    return incidence.window * (1.0 - area)


def time_until_share(incidence: Incidence, share: float) -> float | None:
    """Time until a share has had the event, interpolated within its interval. None if it does not within the window.

    Args:
        incidence: The curve.
        share: A share above 0, for instance 0.5 for the median.
    """
    at = bisect_left(incidence.shares, share)
    if at == len(incidence.shares):
        return None
    before, after = incidence.shares[at - 1], incidence.shares[at]
    return incidence.window / incidence.intervals * (at - 1 + (share - before) / (after - before))
