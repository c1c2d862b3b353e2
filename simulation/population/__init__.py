"""Who the simulated customers are: drawn by segment or taken from records, with their initial state."""
