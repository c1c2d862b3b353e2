"""What an arm derives from its specification."""

from math import exp

import pytest

from tests.simulation.worlds import arm


def test_exit_stages_are_the_terminal_stages_and_the_lost_ones():
    setup = arm(world={"lost": ["retention"]})
    assert setup.exit_stages == {*setup.journey.terminal, "retention"}
    assert arm().exit_stages == frozenset(arm().journey.terminal)


@pytest.mark.parametrize("yearly", [0.0, 0.08, 1.5])
def test_the_daily_discount_rate_compounds_to_the_yearly_one(yearly):
    assert exp(365.0 * arm(yearly_discount=yearly).daily_discount_rate) == pytest.approx(1.0 + yearly, rel=1e-12)
