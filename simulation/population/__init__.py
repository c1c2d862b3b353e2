"""The simulated customers: drawn by segment or taken from records, with their initial state."""
