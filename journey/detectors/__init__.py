"""Detectors: raw events of one customer become signals.

The built-in ones are small and transparent; a sentiment model or an anomaly detector of your own plugs in through
the entry point group ``journeylab.detectors``.
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
