"""Holm's step-down procedure (1979) for a family of tests: the level at which each hypothesis is tested.

With m hypotheses ordered by p-value, the k-th is tested at ``alpha / (m - k + 1)`` until one is not rejected. That one
and all after it are not rejected, at the level of that step. An interval of confidence ``1 - level`` therefore agrees
with the procedure: it excludes the null value exactly where the hypothesis is rejected. For hypotheses that are not
rejected, these are the simultaneous intervals of Strassburger and Bretz (2008, doi:10.1002/sim.3338).
"""

from collections.abc import Sequence

from journey.statistics.proportions import CONFIDENCE


def holm_levels(p_values: Sequence[float], confidence: float = CONFIDENCE) -> list[float]:
    """The significance level at which Holm's procedure tests each hypothesis, in input order.

    Args:
        p_values: The p-values of the family.
        confidence: Confidence of the family: 1 minus its family-wise error rate.

    Returns:
        For every hypothesis a level from ``alpha / m`` to alpha. A hypothesis is rejected exactly where its p-value is
        below its level, which is exactly where its p-value adjusted by `adjust_holm` is below alpha.
    """
    alpha, remaining = 1.0 - confidence, len(p_values)
    levels = [alpha] * len(p_values)
    is_stopped = False
    for index in sorted(range(len(p_values)), key=lambda index: p_values[index]):
        levels[index] = alpha / remaining
        is_stopped = is_stopped or p_values[index] * remaining >= alpha
        if not is_stopped:
            remaining -= 1
    return levels
