"""The exact confidence interval of a standardised mean difference."""

from math import sqrt

from journey.statistics.means import CONFIDENCE, Estimate

_BISECTIONS = 60


def standardised_interval(found: Estimate, confidence: float = CONFIDENCE) -> tuple[float, float] | None:
    """Exact interval of a mean in units of its standard deviation, for independent normal values.

    The bounds are the noncentrality parameters of the t distributions of which the observed t statistic is the upper
    and the lower quantile, divided by the square root of n (Steiger and Fouladi 1997; Kelley 2007,
    doi:10.18637/jss.v020.i08). The interval contains 0 exactly where the t test does not reject "the mean is 0".

    Args:
        found: The mean and the standard deviation over independent values.
        confidence: Confidence level of the interval.

    Returns:
        The bounds; None without a standard deviation above 0.
    """
    if found.mean is None or not found.sd:
        return None
    root = sqrt(found.n)
    t, tail = abs(found.mean) / found.sd * root, (1.0 - confidence) / 2.0
    low, high = (_find_noncentrality(t, found.n - 1, p) / root for p in (1.0 - tail, tail))
    return (low, high) if found.mean >= 0.0 else (-high, -low)


def _find_noncentrality(t: float, df: float, p: float) -> float:
    """The noncentrality parameter with which a t statistic of at most `t` has probability `p`; `t` is 0 or more.

    By bisection, because scipy.special.nctdtrinc is off by up to 0.0007 in `p` for a small `t`.
    """
    # The function behind scipy.stats.nct.cdf; importing scipy.special takes a fraction of the time.
    from scipy.special import nctdtr

    low, high = -1.0, t + 1.0
    while nctdtr(df, low, t) < p:
        low *= 2.0
    while nctdtr(df, high, t) > p:
        high *= 2.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        if nctdtr(df, middle, t) > p:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0
