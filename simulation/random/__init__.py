"""Random numbers, each keyed by its event, and correlated traits."""
