"""A policy's numbers as arrays, as compiled code takes them."""

from typing import Any

import numpy as np

from journey.decision.steps import PolicyParameters


def build_array_parameters(parameters: PolicyParameters) -> PolicyParameters:
    """The same sheet with arrays in place of tuples, every number a float where the annotation says so."""
    kinds = PolicyParameters.__annotations__
    return PolicyParameters(*(_as_array(value, str(kinds[name])) for name, value in parameters._asdict().items()))


def _as_array(value: Any, kind: str) -> Any:
    dtype = np.bool_ if "bool" in kind else np.float64 if "float" in kind else np.int64
    return np.array(value, dtype=dtype) if isinstance(value, tuple) else dtype(value).item()
