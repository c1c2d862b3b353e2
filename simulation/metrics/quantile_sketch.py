"""A quantile sketch: counts in buckets whose bounds grow by a constant ratio.

Any quantile is accurate to within 1 % of its value, for any distribution. Two sketches are merged exactly, by adding
their counts (after DDSketch: Masson, Rim and Lee 2019, doi:10.14778/3352063.3352135). Within a bucket the quantile is
interpolated, so that it changes smoothly with the counts.
"""

from __future__ import annotations

from math import exp, log, log1p
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCURACY = 0.01
"""Relative error of a quantile: the relative width of a bucket."""

LOG_RATIO = log1p(ACCURACY)

ZERO_BUCKET = 0
"""The bucket of amounts below `MIN_AMOUNT`."""

MIN_AMOUNT = 1e-5
"""Smaller amounts count as 0; in days, this is about a second."""

BUCKET_COUNT = 2800
"""Number of buckets; the last one ends above 10^7 and contains all larger amounts."""


def sketch_bucket(amount: float) -> int:
    """The bucket of an amount, from 0 to `BUCKET_COUNT` - 1."""
    if amount < MIN_AMOUNT:
        return ZERO_BUCKET
    return min(BUCKET_COUNT - 1, 1 + int(log(amount / MIN_AMOUNT) / LOG_RATIO))


def quantile(counts: Mapping[int, float], share: float) -> float | None:
    """The smallest amount that at least this share of the counted amounts do not exceed, to within 1 %.

    Args:
        counts: Counts by bucket.
        share: The share, in (0, 1].

    Returns:
        The amount, or None if all counts are 0.
    """
    total = sum(counts.values())
    if total <= 0.0:
        return None
    target, before = share * total, 0.0
    for bucket in sorted(counts):
        if before + counts[bucket] >= target:
            break
        before += counts[bucket]
    if bucket == ZERO_BUCKET:
        return 0.0
    within = min(1.0, max(0.0, (target - before) / counts[bucket]))
    return MIN_AMOUNT * exp((bucket - 1 + within) * LOG_RATIO)


KERNELS = (sketch_bucket,)
"""Functions to compile."""
