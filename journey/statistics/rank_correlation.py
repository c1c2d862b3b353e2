"""Rank correlation of two columns of numbers."""

from collections.abc import Sequence


def compute_rank_correlation(left: Sequence[float], right: Sequence[float]) -> float | None:
    """Spearman's rank correlation (Pearson's of mid-ranks); None if it is undefined."""
    if len(left) < 3:
        return None
    left_ranks, right_ranks = _compute_mid_ranks(left), _compute_mid_ranks(right)
    mean_rank = (len(left) + 1) / 2.0
    left_variation = sum((rank - mean_rank) ** 2 for rank in left_ranks)
    right_variation = sum((rank - mean_rank) ** 2 for rank in right_ranks)
    if left_variation == 0.0 or right_variation == 0.0:
        return None
    covariance = sum((x - mean_rank) * (y - mean_rank) for x, y in zip(left_ranks, right_ranks, strict=True))
    return float(covariance / (left_variation * right_variation) ** 0.5)


def _compute_mid_ranks(values: Sequence[float]) -> list[float]:
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for tied in order[start : end + 1]:
            ranks[tied] = (start + end) / 2.0 + 1.0
        start = end + 1
    return ranks
