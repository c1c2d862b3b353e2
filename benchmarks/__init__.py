"""Benchmarks: speed is claimed here, with both sides in one run, and never in a timed test."""
