"""The base class of the sections of a policy."""

from pydantic import BaseModel, ConfigDict


class PolicySection(BaseModel):
    """A frozen section of a policy that refuses unknown keys and infinite numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
