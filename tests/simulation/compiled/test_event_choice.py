"""The compiled engine's choice of the next event is the minimum of all due times, in the order of their codes."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.compiled import event_choice
from simulation.model.event_types import CADENCE, DISCOUNT_END, EVENT_COUNT, MOVE_EFFECT_END

TIMES = st.lists(st.sampled_from([0.0, 1.0, 2.0, 3.0, float("inf")]), min_size=EVENT_COUNT, max_size=EVENT_COUNT)


@pytest.fixture
def interpreted(monkeypatch):
    """The functions run as they are, with a plain choice in place of the intrinsic."""
    monkeypatch.setattr(event_choice, "select", lambda condition, this, other: this if condition else other)


@pytest.mark.usefixtures("interpreted")
@given(TIMES)
def test_the_next_event_is_the_first_of_all(times):
    flags = dict.fromkeys(("has_distress", "has_dates", "has_move_effects", "has_discounts"), True)
    arm, customer = SimpleNamespace(**flags), SimpleNamespace(event_times=times)
    assert event_choice.next_event(arm, customer) == int(np.argmin(times))
    without = [float("inf") if entry == CADENCE else time for entry, time in enumerate(times)]
    if min(without) < float("inf"):
        assert event_choice.next_event_except_evaluation(arm, customer) == int(np.argmin(without))


def test_every_type_of_event_is_in_one_of_the_groups():
    """A single scheduled event is found, whatever its type."""
    for entry in range(EVENT_COUNT):
        times = [float("inf")] * EVENT_COUNT
        times[entry] = 1.0
        seen = {first for first, _ in _first_of_groups(times)}
        assert entry in seen or entry == CADENCE


def _first_of_groups(times):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(event_choice, "select", lambda condition, this, other: this if condition else other)
        return [
            event_choice.first_of_all_customers(times),
            event_choice.first_of_distress(times),
            event_choice.first_of_dates(times),
            event_choice.first_of_two(times, MOVE_EFFECT_END, DISCOUNT_END),
        ]
