"""Random numbers, each keyed by the event it belongs to, and how traits correlate."""
