"""The metrics of a comparison: definitions, units, effects."""
