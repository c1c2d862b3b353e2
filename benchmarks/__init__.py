"""Benchmarks: measure speed and memory, with the compared programs in one run. Tests never measure time."""
