"""A quantile sketch: counts in buckets whose bounds grow by a constant ratio.

Any quantile is known to within 1 % of its value, whatever the distribution, and two sketches are merged exactly, by
adding their counts (after DDSketch: Masson, Rim and Lee 2019, doi:10.14778/3352063.3352135; within a bucket the
quantile is interpolated, so that it moves when the counts do).
"""

from __future__ import annotations

from math import exp, log, log1p
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCURACY = 0.01
"""Relative error of a quantile: a bucket's upper bound is so much above its lower one."""

LOG_RATIO = log1p(ACCURACY)

ZERO_BUCKET = 0
"""The bucket of amounts that are 0 or next to it."""

MIN_AMOUNT = 1e-5
"""Amounts below count as nothing: of days, less than a second."""

BUCKET_COUNT = 2800
"""Buckets in all; the last one ends beyond 10^7, and holds whatever is more."""


def sketch_bucket(amount: float) -> int:
    """The bucket of an amount, from 0 to `BUCKET_COUNT` - 1."""
    if amount < MIN_AMOUNT:
        return ZERO_BUCKET
    return min(BUCKET_COUNT - 1, 1 + int(log(amount / MIN_AMOUNT) / LOG_RATIO))


def quantile(counts: Mapping[int, float], share: float) -> float | None:
    """The smallest amount that at least this share of the counted ones do not exceed, to within 1 %.

    Args:
        counts: By bucket, how many.
        share: In (0, 1].

    Returns:
        The amount; None where nothing was counted.
    """
    total = sum(counts.values())
    if total <= 0.0:
        return None
    wanted, before = share * total, 0.0
    for bucket in sorted(counts):
        if before + counts[bucket] >= wanted:
            break
        before += counts[bucket]
    if bucket == ZERO_BUCKET:
        return 0.0
    within = min(1.0, max(0.0, (wanted - before) / counts[bucket]))
    return MIN_AMOUNT * exp((bucket - 1 + within) * LOG_RATIO)


KERNELS = (sketch_bucket,)
"""The functions that compiled code uses."""
