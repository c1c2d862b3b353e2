"""What every test shares."""

from hypothesis import settings

# Time limits per example say nothing on a machine that others use too, and the first example loads libraries.
# Derandomised: the examples are the same on every run, so that no test is flaky.
settings.register_profile("journeylab", settings.default, deadline=None, max_examples=60, derandomize=True)
settings.load_profile("journeylab")
