"""The sample-ratio check of a simulated experiment: the number of customers in each arm compared with the plan.

The check of one set of counts is `journey.statistics.sample_ratio`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any

from journey.statistics.exact_tests import MIN_EXPECTED
from journey.statistics.proportions import adjust_holm
from journey.statistics.sample_ratio import ALARM_P_VALUE, CountCheck, check_counts


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """The check of a whole experiment, pooled over its replications.

    Attributes:
        overall: The check over all segments. Where shares differ by segment, it raises fewer false alarms than the
            nominal rate; the checks by segment have the nominal rate.
        segments: The checks by segment.
    """

    overall: CountCheck
    segments: Mapping[str, CountCheck]

    @property
    def suspects(self) -> list[str]:
        """What differs from the plan: the whole split, or segments, with Holm's correction for their number."""
        suspects = ["the customers as a whole"] if self.overall.is_alarm else []
        p_values = [(name, check.test_result.p_value) for name, check in self.segments.items()]
        tested = [(name, p) for name, p in p_values if p is not None]
        adjusted = adjust_holm([p for _, p in tested])
        return suspects + [
            f"segment {name}" for (name, _), p in zip(tested, adjusted, strict=True) if p < ALARM_P_VALUE
        ]

    @property
    def ok(self) -> bool | None:
        """Whether the split is as planned; None with too few customers for a test."""
        return None if self.overall.test_result.p_value is None else not self.suspects

    @property
    def sentence(self) -> str:
        """The check in one sentence."""
        p_value = self.overall.test_result.p_value
        counts = ", ".join(f"{arm} {count:,}" for arm, count in self.overall.assigned.items())
        test = f"chi-square p = {p_value or 0.0:.3g}; alarm below {ALARM_P_VALUE:g}"
        if p_value is None:
            return f"Sample-ratio check: too few customers for a test ({counts})."
        if self.ok:
            return f"Sample-ratio check passed: {counts}, as planned ({test})."
        planned = ", ".join(f"{arm} {count:,.0f}" for arm, count in self.overall.expected.items())
        return (
            f"SAMPLE-RATIO ALARM: {', '.join(self.suspects)} not split as planned: {counts}, planned {planned} "
            f"({test}). Find the cause before you rely on any effect below."
        )

    def as_dict(self) -> dict[str, Any]:
        """The check as the command line's JSON."""
        return {
            "ok": self.ok,
            "alarm_below": ALARM_P_VALUE,
            **self.overall.as_dict(),
            "suspects": self.suspects,
            "segments": {name: check.as_dict() for name, check in self.segments.items()},
            "note": None if self.ok is not None else f"fewer than {MIN_EXPECTED:g} customers expected in an arm",
        }


def check_sample_ratio(
    arms: Sequence[str], planned: Mapping[str, Sequence[float]], assigned: Mapping[str, Sequence[int]]
) -> SampleRatio:
    """Compare the assigned customers with the plan.

    Args:
        arms: Names of the arms.
        planned: By segment, the planned share of each arm.
        assigned: By segment, the customers in each arm.
    """
    expected = {name: [share * sum(assigned[name]) for share in planned[name]] for name in assigned}
    indices = range(len(arms))
    overall = check_counts(
        arms,
        [sum(counts[index] for counts in assigned.values()) for index in indices],
        [fsum(means[index] for means in expected.values()) for index in indices],
    )
    return SampleRatio(overall, {name: check_counts(arms, assigned[name], expected[name]) for name in assigned})
