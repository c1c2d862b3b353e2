"""Customers moving through time: keyed random streams, clocks, the world, the engines, the trace."""
