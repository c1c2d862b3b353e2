"""A metric that a scenario defines: what is observed of each customer, and how it is summarised.

Exactly one key says what is measured. `simulation.model.metric_parameters` resolves the names in it, and
`simulation.customer.own_metrics` observes the customers.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from simulation.model.spec_types import Days, SpecModel

MetricUnit = Literal["share", "days", "count", "dollars", "ratio"]

ALL_STAGES = "all"
"""Value of `MetricSpec.revenue` for the revenue of all stages."""

EVENT_KINDS = ("move", "action", "signal", "review")
"""Prefixes of events: ``move:NAME``, ``action:NAME``, ``signal:TYPE``, ``review:VERDICT``."""


def split_event(name: str) -> tuple[str, str] | None:
    """The kind and the label of an event such as ``move:convert``; None if `name` is a stage."""
    kind, colon, label = name.partition(":")
    return (kind, label) if colon else None


class StageAtEnd(SpecModel):
    """A condition on the end of the run."""

    stage_at_end: str = Field(description="The stage in which the customer is at the end of the run.")


class MetricSpec(SpecModel):
    """A metric of a scenario. Exactly one of the first eight keys is set."""

    model_config = ConfigDict(populate_by_name=True)

    reached: str | None = Field(
        default=None,
        description="Share of the customers at risk that reach this stage, or have this event, within `within_days`. "
        "Customers whose observation ends earlier are censored.",
    )
    time_to: str | None = Field(
        default=None,
        description="Time until this stage is reached, or this event happens, in days; censored as `reached`.",
    )
    time_in: str | None = Field(default=None, description="Mean number of days that a customer spends in this stage.")
    count_of: str | None = Field(
        default=None,
        description="Number of events: `move:NAME`, `action:NAME`, `signal:TYPE`, `review:VERDICT`, or a stage for "
        "entries into it.",
    )
    share_of: str | StageAtEnd | None = Field(
        default=None,
        description="Share of customers that had this event at least once, or were ever in this stage, or "
        "`{ stage_at_end = STAGE }`.",
    )
    revenue: str | None = Field(
        default=None, description="Discounted revenue in dollars, earned in this stage or in `all` stages."
    )
    value_of: str | None = Field(
        default=None, description="Yearly account value in dollars of the customers in this stage at the end."
    )
    ratio: tuple[str, str] | None = Field(
        default=None, description="Two metrics, own or built-in: the first divided by the second."
    )
    within_days: Days | None = Field(
        default=None, description="Length of the window of `reached` and `time_to`, in days. Default: the horizon."
    )
    from_stage: str | None = Field(
        default=None,
        alias="from",
        description="Stage from whose first entry customers are at risk, for `reached` and `time_to`. Default: from "
        "day 0 or their arrival.",
    )
    statistic: Literal["mean", "median", "lower_quartile", "upper_quartile"] = Field(
        default="mean",
        description="Statistic of `time_to`: the restricted mean, or the time until 50, 25 or 75 % have reached it.",
    )
    guardrail: float | None = Field(
        default=None, description="Worst accepted change against the baseline, in the unit of the metric."
    )
    better: Literal["higher", "lower"] | None = Field(
        default=None, description="The direction that is better for the company."
    )
    label: str = Field(default="", description="Short name for tables. Default: the name of the metric.")
    smallest_effect: Annotated[float, Field(gt=0.0)] | None = Field(
        default=None, description="Smallest change that matters in practice, in the unit of the metric."
    )

    @model_validator(mode="after")
    def _validate_keys(self) -> MetricSpec:
        given = [name for name in _MEASURES if getattr(self, name) is not None]
        if len(given) != 1:
            named = f"; it has {' and '.join(given)}" if given else ""
            raise ValueError(f"a metric has exactly one of {', '.join(_MEASURES)}{named}")
        if self.measure not in ("reached", "time_to"):
            for name, value in (("within_days", self.within_days), ("from", self.from_stage)):
                if value is not None:
                    raise ValueError(f"{name} belongs to reached and time_to; this metric has {self.measure}")
        if self.measure != "time_to" and "statistic" in self.model_fields_set:
            raise ValueError(f"statistic belongs to time_to; this metric has {self.measure}")
        if self.from_stage is not None and self.from_stage in (self.reached, self.time_to):
            raise ValueError(f"{self.from_stage!r} is both `from` and {self.measure}; name two different stages")
        return self

    @property
    def measure(self) -> str:
        """The key that says what is measured."""
        return next(name for name in _MEASURES if getattr(self, name) is not None)

    @property
    def unit(self) -> MetricUnit:
        """Unit of the value: shares are in [0, 1], times in days, money in dollars."""
        return _UNITS[self.measure]


_UNITS: dict[str, MetricUnit] = {
    "reached": "share",
    "time_to": "days",
    "time_in": "days",
    "count_of": "count",
    "share_of": "share",
    "revenue": "dollars",
    "value_of": "dollars",
    "ratio": "ratio",
}
_MEASURES = tuple(_UNITS)
