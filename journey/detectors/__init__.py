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
from journey.detectors.detecting import detect
from journey.detectors.plugins import load_detectors
from journey.detectors.protocol import Detector

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
