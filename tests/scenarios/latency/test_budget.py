"""Budgets: what they limit, their units, and what is refused."""

import pytest

from journey.core.errors import InputError
from scenarios.latency.budget import Budget, BudgetResult, judge_budgets, list_values, parse_budget
from scenarios.latency.percentiles import Percentiles


@pytest.mark.parametrize(
    ("text", "name", "limit_us"),
    [
        ("p99=200us", "with_reasons.p99", 200.0),
        ("p50 = 0.2 ms", "with_reasons.p50", 200.0),
        ("max=1e-3s", "with_reasons.max", 1_000.0),
        ("p90=200µs", "with_reasons.p90", 200.0),
        ("single.p99=500ns", "single.p99", 0.5),
        ("with_reasons.p99=1MS", "with_reasons.p99", 1_000.0),
        ("customers_per_second=50000", "batch.customers_per_second", 20.0),
        ("batch.customers_per_second=1e6", "batch.customers_per_second", 1.0),
    ],
)
def test_a_budget_is_a_name_and_microseconds(text, name, limit_us):
    assert parse_budget(text) == Budget(name, pytest.approx(limit_us))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p99", "write NAME=LIMIT, such as p99=200us"),
        ("p99=", "write NAME=LIMIT"),
        ("p99=200", "the unit is missing; use us, ms or s, such as p99=200us"),
        ("p99=3min", "unknown unit 'min'"),
        ("p99=-3us", "'-3us' is not a number above 0"),
        ("p99=0us", "'0us' is not a number above 0"),
        ("p99=1e999us", "is not a number above 0"),
        ("p99=1.2.3us", "is not a number above 0"),
        ("p99=fastus", "is not a number above 0"),
        ("p999=1us", r"unknown name 'p999'; use .* did you mean 'p99'\?"),
        ("batch.p99=1us", "unknown name 'batch.p99'"),
        ("p99=1e300s", r"give a time of one customer from 1e-06us to 1e\+15us"),
        ("single.p50=1e-9ns", "give a time of one customer from 1e-06us"),
        ("customers_per_second=1e-200", "give a time of one customer from 1e-06us"),
        ("customers_per_second=0", r"'0' is not a number above 0 \(without a unit\), such as 50000"),
        ("customers_per_second=5ms", "has no unit; write customers_per_second=5"),
    ],
)
def test_anything_else_is_refused_with_what_to_write(text, message):
    with pytest.raises(InputError, match=rf"^--budget {text}: .*{message}"):
        parse_budget(text)


def test_a_limit_holds_up_to_the_measured_value():
    values = list_values(Percentiles(1.0, 2.0, 3.0, 4.0), Percentiles(5.0, 6.0, 7.0, 8.0), 0.5)
    budgets = [parse_budget(text) for text in ("p99=7us", "p99=6.9us", "single.p99=3us", "customers_per_second=2e6")]
    assert judge_budgets(budgets, values) == (
        BudgetResult("with_reasons.p99", 7.0, 7.0, ok=True),
        BudgetResult("with_reasons.p99", 6.9, 7.0, ok=False),
        BudgetResult("single.p99", 3.0, 3.0, ok=True),
        BudgetResult("batch.customers_per_second", 0.5, 0.5, ok=True),
    )


def test_what_was_not_measured_does_not_hold():
    assert not judge_budgets([Budget("batch.customers_per_second", 1.0)], {"batch.customers_per_second": None})[0].ok
