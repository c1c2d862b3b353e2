"""Tests of recorded experiments: the choice of test, and the correction for a family of experiments."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from journey.statistics.exact_tests import (
    MIN_EXPECTED,
    fisher_customers_needed,
    fisher_exact_test,
    has_small_expected_counts,
)
from journey.statistics.proportions import ContingencyTable, TestResult, adjust_holm, customers_needed, pooled_z_test


class ProportionTest(NamedTuple):
    """A test of two proportions.

    Attributes:
        name: Its full name.
        run: The test of two by two counts.
        customers_needed: Size per arm, from the two shares, the power and the confidence level.
    """

    name: str
    run: Callable[[ContingencyTable], TestResult]
    customers_needed: Callable[[float, float, float, float], int | None]


_FISHER = "fisher_exact"

TESTS: Mapping[str, ProportionTest] = {
    "pooled_z": ProportionTest("pooled two-proportion z test", pooled_z_test, customers_needed),
    _FISHER: ProportionTest("Fisher's exact test", fisher_exact_test, fisher_customers_needed),
}
"""Tests that an experiment may name."""


def choose_test(named: str | None, table: ContingencyTable) -> tuple[ProportionTest, tuple[str, ...]]:
    """The test of an experiment, and notes on the choice.

    Args:
        named: The test that the experiment names, a key of `TESTS`. Default: the pooled z test.
        table: Counts of both arms, neither of which is empty.
    """
    if named != _FISHER and has_small_expected_counts(table):
        note = f"a count below {MIN_EXPECTED:g} is expected, so Fisher's exact test replaces the z test"
        return TESTS[_FISHER], (note,)
    return TESTS[named or "pooled_z"], ()


class Family:
    """The analysed experiments of one report, whose p-values are corrected together (Holm 1979)."""

    def __init__(self, p_values: Sequence[float], confidence: float) -> None:
        """Correct p-values.

        Args:
            p_values: P-value of each experiment of the family.
            confidence: Confidence level of the whole family.
        """
        self.size = len(p_values)
        self._alpha = 1.0 - confidence
        self._adjusted = dict(zip(p_values, adjust_holm(p_values), strict=True))

    @property
    def description(self) -> str:
        """The family in words."""
        return "the only analysed experiment" if self.size == 1 else f"the {self.size} analysed experiments"

    @property
    def strictest_confidence(self) -> float:
        """Confidence at which an experiment is significant whatever the others show (Bonferroni)."""
        return 1.0 - self._alpha / max(1, self.size)

    def adjust(self, p_value: float) -> float:
        """Holm's adjusted p-value of an experiment of the family; equal p-values have the largest of theirs."""
        return self._adjusted[p_value]

    def matched_confidence(self, p_value: float) -> float:
        """Confidence of an interval that excludes "no difference" exactly if the adjusted p-value is significant."""
        if p_value <= 0.0:
            return self.strictest_confidence
        return 1.0 - self._alpha * p_value / self._adjusted[p_value]

    def format_p_value(self, p_value: float, adjusted: float) -> str:
        """The p-value that a call rests on, as text."""
        if self.size < 2:
            return f"p = {p_value:.3g}"
        return f"p = {adjusted:.3g} (Holm, {self.size} experiments)"
