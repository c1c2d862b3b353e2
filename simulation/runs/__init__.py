"""Run one or more arms once: choose the engine, simulate the cohort, return the results."""
