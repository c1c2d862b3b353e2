"""Fisher's exact test of two proportions, its power, and the sample size that it needs.

The z test and its sample size rest on a normal approximation, which is not valid where a count of less than
`MIN_EXPECTED` is expected (Cochran 1954). There the exact test is used, and its own sample size.
"""

from math import ceil, sqrt
from typing import TYPE_CHECKING, Any

from journey.statistics.proportions import (
    CONFIDENCE,
    POWER,
    ContingencyTable,
    TestResult,
    compute_customers_needed,
)

if TYPE_CHECKING:
    import numpy as np

MIN_EXPECTED = 5.0
"""With a smaller expected count, the normal and chi-square approximations are not valid (Cochran 1954)."""

MAX_EXACT = 60
"""Up to this number of customers per arm the power is computed exactly; beyond it the sample size is approximated."""

# Tables whose probabilities differ by rounding only are equally probable; R's fisher.test uses the same tolerance.
_EQUAL = 1.0 + 1e-7


def has_small_expected_counts(table: ContingencyTable) -> bool:
    """Whether "both shares are equal" expects fewer than `MIN_EXPECTED` in any cell of the table."""
    events, n, other_events, other_n = table
    pooled = (events + other_events) / (n + other_n)
    return min(n, other_n) * min(pooled, 1.0 - pooled) < MIN_EXPECTED


def fisher_exact_test(table: ContingencyTable) -> TestResult:
    """Fisher's exact test (1934); two-sided: all tables that are at most as probable as the observed one."""
    # Imported here because SciPy is slow to import and few tests need it.
    import numpy as np
    from scipy.stats import fisher_exact

    events, n, other_events, other_n = table
    result = fisher_exact(np.array([[other_events, other_n - other_events], [events, n - events]]))
    return TestResult(None, float(result.pvalue))


def compute_fisher_power(p0: float, p1: float, customers: int, confidence: float = CONFIDENCE) -> float:
    """Exact power of the two-sided Fisher test with equal arms: the probability of all tables that it rejects.

    Args:
        p0: True share in one arm.
        p1: True share in the other.
        customers: Customers per arm; the time grows with its square.
        confidence: Confidence level of the test.
    """
    import numpy as np
    from scipy.stats import binom

    counts = np.arange(customers + 1)
    log_ways = _log_binomials(customers)
    chances, other_chances = binom.pmf(counts, customers, p0), binom.pmf(counts, customers, p1)
    power = 0.0
    for total in range(2 * customers + 1):
        first = np.arange(max(0, total - customers), min(total, customers) + 1)
        logs = log_ways[first] + log_ways[total - first]
        weights = np.exp(logs - np.max(logs))
        # The conditional distribution is hypergeometric.
        conditional = weights / weights.sum()
        rejected = _two_sided_p_values(conditional) < 1.0 - confidence
        power += float((chances[first] * other_chances[total - first])[rejected].sum())
    return power


def _log_binomials(customers: int) -> "np.ndarray[Any, np.dtype[np.float64]]":
    import numpy as np
    from scipy.special import gammaln

    counts = np.arange(customers + 1)
    return np.asarray(gammaln(customers + 1) - gammaln(counts + 1) - gammaln(customers - counts + 1), dtype=np.float64)


def _two_sided_p_values(
    probabilities: "np.ndarray[Any, np.dtype[np.float64]]",
) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """For each outcome, the probability of all outcomes that are at most as probable."""
    import numpy as np

    ordered = np.sort(probabilities)
    sums = np.cumsum(ordered)
    return np.asarray(sums[np.searchsorted(ordered, probabilities * _EQUAL, side="right") - 1], dtype=np.float64)


def fisher_customers_needed(p0: float, p1: float, power: float = POWER, confidence: float = CONFIDENCE) -> int | None:
    """Customers per arm that Fisher's exact test needs to detect the difference of two shares.

    Up to `MAX_EXACT` it is the smallest number with the exact power. Beyond it is the approximation of Casagrande, Pike
    and Smith (1978): with ``n'`` of the z test, ``n' / 4 (1 + sqrt(1 + 4 / (n' |p1 - p0|)))^2``.

    The arguments and the result are those of `customers_needed`.
    """
    uncorrected = compute_customers_needed(p0, p1, power, confidence)
    if uncorrected is None:
        return None
    approximate = ceil(uncorrected / 4.0 * (1.0 + sqrt(1.0 + 4.0 / (uncorrected * abs(p1 - p0)))) ** 2)
    if approximate > MAX_EXACT:
        return approximate
    # The approximation is within a few customers of the exact number.
    sizes = range(2, 2 * MAX_EXACT)
    return next((n for n in sizes if compute_fisher_power(p0, p1, n, confidence) >= power), approximate)
