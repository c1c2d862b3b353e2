"""Detectors: derive signals from the raw events of one customer.

The built-in detectors are simple. Add your own, for instance a sentiment model, through the entry point group
``journeylab.detectors``.
"""

from journey.detectors.builtin import (
    FailedOnboardingStep,
    Inactivity,
    PriceComplaint,
    TicketSpike,
    UsageDrop,
    builtin_detectors,
)
from journey.detectors.entry_points import load_detectors
from journey.detectors.protocol import Detector
from journey.detectors.runner import detect

__all__ = [
    "Detector",
    "FailedOnboardingStep",
    "Inactivity",
    "PriceComplaint",
    "TicketSpike",
    "UsageDrop",
    "builtin_detectors",
    "detect",
    "load_detectors",
]
