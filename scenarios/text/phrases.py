"""Phrases that tables, reports and sentences share."""

from collections.abc import Callable, Iterable
from math import ceil, floor, log10


def pluralise(number: int, noun: str) -> str:
    """A number with its noun: ``1 customer``, ``2,000 customers``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def format_name(name: str) -> str:
    """A key or code as words: ``review_wait`` becomes ``review wait``, which can also break over lines."""
    return name.replace("_", " ")


def format_interval(
    low: float | None, high: float | None, format_bound: Callable[[float], str], *, missing: str = ""
) -> str:
    """An interval, such as ``1.2 % to 3.4 %``.

    Args:
        low: The lower bound, or None where there is no interval.
        high: The upper bound, or None.
        format_bound: Formats one bound, with its unit.
        missing: The text where there is no interval.
    """
    return missing if low is None or high is None else f"{format_bound(low)} to {format_bound(high)}"


def describe_omitted_rows(total: int, limit: int, noun: str, *, remedy: str) -> str:
    """A note on the rows beyond a limit; empty where there are none.

    Args:
        total: How many rows there are.
        limit: How many of them are listed.
        noun: What a row is, in the singular.
        remedy: How to get all of them.
    """
    omitted = total - limit
    return f"{pluralise(omitted, noun)} not listed; {remedy}" if omitted > 0 else ""


def describe_unknown(reasons: Iterable[tuple[str, str]], noun: str, *, joint: str = " and ") -> str:
    """One line on all values that are unknown, by reason.

    For instance ``Unknown, 3 metrics: a and b (no action); c (no customer).``

    Args:
        reasons: The name of each unknown value, and why it is unknown.
        noun: What a value is, in the singular.
        joint: What joins names with the same reason; the default suits names that contain commas.

    Returns:
        The line; empty where no value is unknown.
    """
    names: dict[str, list[str]] = {}
    for name, reason in reasons:
        names.setdefault(reason, []).append(name)
    if not names:
        return ""
    listed = "; ".join(f"{joint.join(of_reason)} ({reason})" for reason, of_reason in names.items())
    return f"Unknown, {pluralise(sum(map(len, names.values())), noun)}: {listed}."


def format_confidence(confidence: float) -> str:
    """A confidence level as text: ``95 %``, ``98.33 %``."""
    return f"{100 * confidence:.4g} %"


def round_up(number: float, digits: int = 2) -> int:
    """`number`, which must be above 0, rounded up to an integer with this many significant digits."""
    unit = _last_digit(number, digits)
    return ceil(number / unit) * unit


def round_down(number: float, digits: int = 2) -> int:
    """`number`, which must be above 0, rounded down to an integer with this many significant digits."""
    unit = _last_digit(number, digits)
    return floor(number / unit) * unit


def round_significant(number: float, digits: int = 2) -> int:
    """`number`, which must be above 0, rounded to an integer with this many significant digits."""
    unit = _last_digit(number, digits)
    return round(number / unit) * unit


def ceil_significant(number: float, digits: int = 3) -> str:
    """`number` as text, rounded up to this many significant digits: a bound from which values are accepted."""
    from decimal import ROUND_CEILING, Context, Decimal

    rounded = Context(prec=digits, rounding=ROUND_CEILING).create_decimal(Decimal(repr(number)))
    return f"{float(rounded):g}"


def _last_digit(number: float, digits: int) -> int:
    return max(1, 10 ** (floor(log10(number)) + 1 - digits)) if number >= 1.0 else 1
