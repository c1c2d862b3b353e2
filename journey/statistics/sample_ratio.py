"""The sample-ratio check: compares counts of arms with planned counts, by Pearson's chi-square test.

Where the sizes of the arms differ from the plan, the assignment did not work as planned, and the effects are not
reliable even if they are significant (Fabijan et al. 2019, doi:10.1145/3292500.3330722, who use similar p-values).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from journey.statistics.exact_tests import MIN_EXPECTED
from journey.statistics.proportions import UNDEFINED, TestResult, goodness_of_fit_test

ALARM_P_VALUE = 0.001
"""The p-value below which the check raises an alarm."""


@dataclass(frozen=True, slots=True)
class CountCheck:
    """One comparison of counts with a plan.

    Attributes:
        assigned: Number assigned, by arm.
        expected: Planned number, by arm.
        test_result: Chi-square test with (arms - 1) degrees of freedom; undefined if a planned number is too small.
    """

    assigned: Mapping[str, int]
    expected: Mapping[str, float]
    test_result: TestResult

    @property
    def is_alarm(self) -> bool:
        """Whether the counts differ from the plan by more than chance explains."""
        return self.test_result.p_value is not None and self.test_result.p_value < ALARM_P_VALUE

    def as_dict(self) -> dict[str, Any]:
        """The check as JSON-ready data."""
        total = sum(self.assigned.values())
        return {
            "statistic": self.test_result.statistic,
            "df": len(self.assigned) - 1,
            "p_value": self.test_result.p_value,
            "arms": {
                arm: {
                    "assigned": count,
                    "expected": self.expected[arm],
                    "planned_share": self.expected[arm] / total if total else None,
                }
                for arm, count in self.assigned.items()
            },
        }


def check_counts(arms: Sequence[str], assigned: Sequence[int], expected: Sequence[float]) -> CountCheck:
    """Compare the counts of arms with planned counts.

    Args:
        arms: Names of the arms.
        assigned: Number assigned to each arm.
        expected: Planned number of each arm; below `MIN_EXPECTED` the test is undefined.
    """
    is_testable = min(expected) >= MIN_EXPECTED
    test_result = goodness_of_fit_test(assigned, expected) if is_testable else UNDEFINED
    return CountCheck(dict(zip(arms, assigned, strict=True)), dict(zip(arms, expected, strict=True)), test_result)
