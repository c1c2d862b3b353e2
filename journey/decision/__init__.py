"""The decision rules: pure functions of numbers, and the policy that parameterises them."""
