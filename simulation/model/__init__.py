"""The simulated world: its specification, and its rules with resolved parameters, shared by both engines."""
