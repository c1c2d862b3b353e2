"""The constants of `simulation.random.streams` in the types that compiled code needs."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulation.random import streams


def unsigned_stream_constants() -> dict[str, Any]:
    """The constants that compiled streams use instead of the module's own, as unsigned 64-bit integers."""
    unsigned: dict[str, Any] = {name: np.uint64(getattr(streams, name)) for name in streams.UNSIGNED}
    return {**unsigned, "word64": np.uint64}
