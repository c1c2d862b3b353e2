"""Dwell-time distributions: cumulative hazards, their inverses, and special functions."""
