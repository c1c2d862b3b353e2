"""The decision rules: pure functions of numbers, and the policy with their parameters."""
