"""Contacts and fatigue."""

import math

from hypothesis import given
from hypothesis import strategies as st

from simulation.customer.interventions import faded_ratio


@given(st.floats(0.0, 1e6), st.floats(0.0, 1e9))
def test_the_effect_of_any_number_of_earlier_contacts_is_a_number(ratio, fatigue):
    assert 0.0 <= faded_ratio(ratio, fatigue) < math.inf


def test_fatigue_is_a_power_of_the_ratio_per_contact():
    assert faded_ratio(1.5, 0.0) == 1.0
    assert faded_ratio(1.5, 2.0) == 2.25
    assert faded_ratio(1.0, 1e9) == 1.0
