"""Types that specifications are made of: bounded numbers, and numbers with a provenance.

Units: time in days, money in US dollars, rates per day unless the name says otherwise.
"""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from journey.decision.economics import Provenance

# Bounds keep sums and products finite.
Positive = Annotated[float, Field(gt=0.0, le=1e12)]
NonNegative = Annotated[float, Field(ge=0.0, le=1e12)]
Days = Annotated[float, Field(ge=1e-3, le=1e6)]
PerDay = Annotated[float, Field(ge=0.0, le=100.0)]
Ratio = Annotated[float, Field(ge=0.0, le=1e6)]
Dollars = Annotated[float, Field(gt=0.0, le=1e12)]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Below1 = Annotated[float, Field(ge=0.0, lt=1.0)]
Correlation = Annotated[float, Field(gt=-1.0, lt=1.0)]


class SpecModel(BaseModel):
    """An immutable part of a specification, which refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Amount(SpecModel):
    """A number and its provenance."""

    amount: NonNegative
    provenance: Provenance = "default"


def _coerce_amount(value: object) -> object:
    """Convert a bare number to an amount with the provenance ``assumed``."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"amount": value, "provenance": "assumed"}
    return value


Assumption = Annotated[Amount, BeforeValidator(_coerce_amount)]
"""A number with its provenance; a bare number counts as ``assumed``."""
