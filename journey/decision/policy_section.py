"""The base class of the sections of a policy."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict


class PolicySection(BaseModel):
    """A frozen section of a policy that refuses unknown keys and infinite numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """The keys that differ from their defaults: a policy has too many to be read."""
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if field.is_required() or value != field.get_default(call_default_factory=True, validated_data={}):
                yield name, value
