"""Compare arms: replications, stopping rule, money, verdict."""
