"""The recorded customers of property tests: odd ones are all among them, with names that no journey or policy has."""

from datetime import timedelta
from functools import partial

from hypothesis import strategies as st

from journey.decision.policy import Policy
from journey.machine import default_journey
from journeylab import testing
from journeylab.testing.strategies.histories import FIRST_DAY as START
from journeylab.testing.strategies.records import UNKNOWN_SIGNALS

STAGES = default_journey().stages
ACTIONS = tuple(Policy().actions)
SIGNAL_TYPES = (*Policy().signals, *UNKNOWN_SIGNALS)

known = partial(testing.recorded_customers, unknown_names=True)
companies = partial(testing.companies, unknown_names=True)
policies = testing.policies()

judgements = st.sampled_from(
    [
        START.date() + timedelta(days=2),
        START.date() + timedelta(days=20),
        START + timedelta(days=2, hours=9),
        START + timedelta(days=30),
        START.date() + timedelta(days=90),
    ]
)
"""Times of an evaluation: before, among and after the dates of the records."""
