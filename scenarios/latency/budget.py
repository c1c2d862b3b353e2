"""Budgets: limits that a measured latency must not exceed."""

import re
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any, NamedTuple

from journey.core.errors import InputError
from journey.core.suggestions import suggest_close
from scenarios.latency.percentiles import Percentiles

SINGLE, WITH_REASONS, BATCH = "single", "with_reasons", "batch"
"""The three ways of evaluating: one customer without reasons, one with reasons, all in a batch."""

THROUGHPUT = "customers_per_second"
UNITS = {"ns": 1e-3, "us": 1.0, "µs": 1.0, "μs": 1.0, "ms": 1e3, "s": 1e6}
"""Microseconds of each unit; the letter mu has two codes."""

MIN_US, MAX_US = 1e-6, 1e15
"""Smallest and largest limit in microseconds; the largest is thirty years."""

_STATISTICS = {name.removesuffix("_us"): name for name in Percentiles._fields}
_NAMES = (*(f"{way}.{name}" for way in (WITH_REASONS, SINGLE) for name in _STATISTICS), f"{BATCH}.{THROUGHPUT}")
_LIMIT = re.compile(r"([0-9.]+(?:e[+-]?[0-9]+)?) *([a-zµμ]*)", re.IGNORECASE)


class Budget(NamedTuple):
    """A limit.

    Attributes:
        name: What it limits: ``with_reasons.p99``, ``single.p50``, ``batch.customers_per_second``.
        limit_us: Largest accepted time of one customer, in microseconds. Of a batch, it is the time per customer at the
            smallest accepted number of customers per second.
    """

    name: str
    limit_us: float


class BudgetResult(NamedTuple):
    """A limit and what was measured.

    Attributes:
        name: What the budget limits.
        limit_us: The limit in microseconds.
        value_us: The measured value in microseconds; None if it was not measured.
        ok: Whether the value is known and within the limit.
    """

    name: str
    limit_us: float
    value_us: float | None
    ok: bool


def parse_budget(text: str) -> Budget:
    """Parse ``p99=200us``, ``single.p50=0.1ms`` or ``customers_per_second=50000``.

    A percentile without ``single.`` or ``with_reasons.`` is the one with reasons.

    Raises:
        InputError: The name, the number or the unit is not valid.
    """
    given, equals, limit = (part.strip() for part in text.partition("="))
    if not equals or not limit:
        raise InputError(f"--budget {text}: write NAME=LIMIT, such as p99=200us")
    name = _complete_name(given, text)
    match = _LIMIT.fullmatch(limit)
    number = _parse_number(match.group(1)) if match else None
    if match is None or number is None:
        is_throughput = name == f"{BATCH}.{THROUGHPUT}"
        form = "(without a unit), such as 50000" if is_throughput else "with a unit, such as 200us or 0.2ms"
        raise InputError(f"--budget {text}: {limit!r} is not a number above 0 {form}")
    unit = match.group(2).lower()
    if name == f"{BATCH}.{THROUGHPUT}":
        if unit:
            raise InputError(f"--budget {text}: {THROUGHPUT} has no unit; write {given}={match.group(1)}")
        return _check_limit(Budget(name, 1e6 / number), text)
    if unit not in UNITS:
        problem = "the unit is missing" if not unit else f"unknown unit {unit!r}"
        raise InputError(f"--budget {text}: {problem}; use us, ms or s, such as {given}={match.group(1)}us")
    return _check_limit(Budget(name, number * UNITS[unit]), text)


def _check_limit(budget: Budget, text: str) -> Budget:
    if not MIN_US <= budget.limit_us <= MAX_US:
        raise InputError(f"--budget {text}: give a time of one customer from {MIN_US:g}us to {MAX_US:g}us")
    return budget


def _complete_name(given: str, text: str) -> str:
    if given in _STATISTICS:
        return f"{WITH_REASONS}.{given}"
    name = f"{BATCH}.{given}" if given == THROUGHPUT else given
    if name not in _NAMES:
        known = (*_STATISTICS, THROUGHPUT, *_NAMES)
        raise InputError(
            f"--budget {text}: unknown name {given!r}; use p50, p90, p99 or max (with reasons), the same after "
            f"{SINGLE}. (without reasons), or {THROUGHPUT} (in a batch){suggest_close(given, known)}"
        )
    return name


def _parse_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if number > 0.0 and isfinite(number) and isfinite(1e6 / number) and isfinite(number * 1e6) else None


def judge_budgets(budgets: Iterable[Budget], values: Mapping[str, float | None]) -> tuple[BudgetResult, ...]:
    """Compare measured values, in microseconds by name, with budgets."""
    results = []
    for name, limit in budgets:
        value = values.get(name)
        results.append(BudgetResult(name, limit, value, ok=value is not None and value <= limit))
    return tuple(results)


def list_values(single: Percentiles, with_reasons: Percentiles, batch_us: float | None) -> dict[str, float | None]:
    """Return everything that a budget can limit, in microseconds by name."""
    values: dict[str, Any] = {
        f"{way}.{short}": getattr(percentiles, name)
        for way, percentiles in ((WITH_REASONS, with_reasons), (SINGLE, single))
        for short, name in _STATISTICS.items()
    }
    return {**values, f"{BATCH}.{THROUGHPUT}": batch_us}
