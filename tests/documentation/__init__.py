"""Are the examples in the documentation true? Runs every console and Python block of README, CONTRIBUTING and docs."""
