"""Compare arms: replications, stopping rule, effects, money and verdict."""
