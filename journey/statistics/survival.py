"""Times until an event, in intervals: cumulative incidence, restricted mean and quantiles, with censoring.

Within an interval the order of events and censorings is unknown. So half of those censored in it count as at risk, as
in the life-table estimate of Cutler and Ederer (1958), and half of those whose observation begins in it. Without a
competing end the estimate approximates that of Kaplan and Meier (1958), with one that of Aalen and Johansen (1978). It
equals them where no observation begins or is censored in an interval with events.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class GroupedTimes:
    """Observations of customers, counted in equal intervals of a window.

    Attributes:
        window: Length of the window.
        reached: By interval: observations that ended at the event.
        competed: By interval: observations that ended in another way, after which the event cannot happen.
        censored: By interval: observations that ended without either. One entry more: observations of the whole window.
        entered: By interval: observations that began at this age and not at 0, without an event before it (left
            truncation).
    """

    window: float
    reached: Counts
    competed: Counts
    censored: Counts
    entered: Counts

    @property
    def observations(self) -> int:
        """Number of observations."""
        return int(self.reached.sum() + self.competed.sum() + self.censored.sum())

    @property
    def at_risk(self) -> Counts:
        """By interval: number of observations at its start."""
        changes = self.entered - self.reached - self.competed - self.censored[:-1]
        at_risk: Counts = self.observations - self.entered.sum() + np.concatenate(([0], np.cumsum(changes)[:-1]))
        return at_risk


@dataclass(frozen=True, slots=True, eq=False)
class Incidence:
    """The estimated share that has had the event, at the ends of the intervals.

    Attributes:
        window: Length of the window.
        intervals: Number of intervals.
        shares: The share at time 0 and at the end of each interval, as long as it is known.
    """

    window: float
    intervals: int
    shares: Shares

    @property
    def is_complete(self) -> bool:
        """Whether the curve is known up to the end of the window."""
        return len(self.shares) == self.intervals + 1


def estimate_incidence(times: GroupedTimes) -> Incidence:
    """Estimate the cumulative incidence of the event, with a competing end and left truncation.

    The curve ends where no observation is at risk any more, unless all of them ended with the event or a competing end.

    Args:
        times: The observations.
    """
    exposed = times.at_risk + (times.entered - times.censored[:-1]) / 2.0
    free, shares = _accumulate(times, exposed)
    # The curve stays known if an observation begins later: while none is at risk, there are no events.
    later = np.cumsum(times.entered[::-1])[::-1]
    unknown = np.flatnonzero((times.at_risk + later <= 0) & (free[:-1] > 0.0))
    known = int(unknown[0]) if unknown.size else len(times.reached)
    return Incidence(times.window, len(times.reached), shares[: known + 1])


def bound_grouping_error(times: GroupedTimes) -> float:
    """Largest error of the share at the end of the window that the grouping can cause.

    It is the larger difference to the two extreme orders: all events of an interval before all its censorings and after
    all beginnings in it, or the other way round.

    Args:
        times: The observations.
    """
    middle = estimate_incidence(times).shares[-1]
    orders = (times.at_risk + times.entered, times.at_risk - times.censored[:-1])
    return max(abs(float(_accumulate(times, order.astype(float))[1][-1] - middle)) for order in orders)


def _accumulate(times: GroupedTimes, exposed: Shares) -> tuple[Shares, Shares]:
    """The shares without any end, and with the event, at the ends of the intervals, for numbers exposed to it."""
    events = times.reached + times.competed
    # At least the observations with an event were exposed; an interval without an event needs no division.
    exposed = np.maximum(np.maximum(exposed, events), 1.0)
    free = np.concatenate(([1.0], np.cumprod(1.0 - events / exposed)))
    shares = np.concatenate(([0.0], np.cumsum(free[:-1] * (times.reached / exposed))))
    # A sum of many parts of 1 may exceed it in the last bits.
    return free, np.minimum(shares, 1.0)


def restricted_mean(incidence: Incidence) -> float | None:
    """Mean time until the event, where a time beyond the window counts as the whole window (Royston and Parmar 2013).

    It is the area above the curve. A customer with a competing end never has the event, so the whole window counts.
    None if the curve is not known up to the end of the window.
    """
    if not incidence.is_complete:
        return None
    shares = incidence.shares
    area = float(np.cumsum(shares[:-1] + shares[1:])[-1]) / 2.0 / incidence.intervals
    return incidence.window * (1.0 - area)


def time_until_share(incidence: Incidence, share: float) -> float | None:
    """Time until a share has had the event, interpolated within its interval. None if it does not within the window.

    Args:
        incidence: The curve.
        share: A share above 0, for instance 0.5 for the median.
    """
    shares = incidence.shares
    at = int(np.searchsorted(shares, share - _ROUNDING))
    if at == len(shares):
        return None
    before, after = float(shares[at - 1]), float(shares[at])
    return incidence.window / incidence.intervals * (at - 1 + min(1.0, (share - before) / (after - before)))


_ROUNDING = 1e-9
"""Allowance for rounding: the shares of half of the observations may add up to slightly less than 0.5."""
