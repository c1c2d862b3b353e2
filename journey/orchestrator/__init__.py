"""Decisions about one customer: the seed's components, and the orchestrator that runs them in order."""

from journey.orchestrator.decision import Components, Decision
from journey.orchestrator.escalation import HumanEscalationRouter
from journey.orchestrator.orchestrator import Orchestrator
from journey.orchestrator.outcomes import OpenLoop, OutcomeTracker
from journey.orchestrator.planner import InterventionPlanner
from journey.orchestrator.risk import RiskScorer
from journey.orchestrator.signals import SignalAggregator
from journey.orchestrator.state import JourneyStateEvaluator

__all__ = [
    "Components",
    "Decision",
    "HumanEscalationRouter",
    "InterventionPlanner",
    "JourneyStateEvaluator",
    "OpenLoop",
    "Orchestrator",
    "OutcomeTracker",
    "RiskScorer",
    "SignalAggregator",
]
