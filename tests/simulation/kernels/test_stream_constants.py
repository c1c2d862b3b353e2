"""Compiled streams give the numbers of the interpreted ones."""

import numpy as np

from journey.runtime.jit import compile_kernels
from simulation.kernels.stream_constants import unsigned_stream_constants
from simulation.random import streams


def test_compiled_streams_give_the_same_numbers():
    compiled = compile_kernels(streams, constants=unsigned_stream_constants())
    key = streams.customer_key(2**40 + 7, 3, 123_456)
    assert int(compiled.customer_key(2**40 + 7, 3, 123_456)) == key
    for purpose, context, occurrence in ((streams.MOVE, 0, 0), (streams.MOVE, 5, 2**24 - 1), (7, 2**24 - 1, 1)):
        assert compiled.uniform(np.uint64(key), purpose, context, occurrence) == streams.uniform(
            key, purpose, context, occurrence
        )
        assert compiled.exponential(np.uint64(key), purpose, context, occurrence) == streams.exponential(
            key, purpose, context, occurrence
        )
