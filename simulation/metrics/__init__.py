"""Measurements of a run: counters, totals, queue statistics and quantiles."""
