"""What happens to one simulated customer: one source for the reference engine and the compiled engine."""
