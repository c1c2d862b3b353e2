"""Simulation of customer journeys: random streams, dwell times, the world, the engines and the trace."""
