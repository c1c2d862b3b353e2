"""Percentiles of latencies."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

NANOSECONDS_PER_MICROSECOND = 1e3

Times = npt.NDArray[np.int64]
"""Times in nanoseconds."""


class Percentiles(NamedTuple):
    """Percentiles of times over customers, in microseconds.

    Each is a time of one customer: the smallest one that this share of customers does not exceed (nearest rank).
    """

    p50_us: float
    p90_us: float
    p99_us: float
    max_us: float


SHARES = Percentiles(0.5, 0.9, 0.99, 1.0)


def compute_percentiles(times: Times) -> Percentiles:
    """Compute the percentiles of at least one time."""
    ordered = np.sort(times)
    ranks = [max(int(np.ceil(share * len(ordered) - 1e-9)), 1) for share in SHARES]
    return Percentiles(*(float(ordered[rank - 1]) / NANOSECONDS_PER_MICROSECOND for rank in ranks))


def convert_percentiles(percentiles: Percentiles | None) -> dict[str, Any]:
    """Return percentiles as a JSON-ready mapping; null where nothing was measured."""
    return dict.fromkeys(Percentiles._fields) if percentiles is None else percentiles._asdict()
