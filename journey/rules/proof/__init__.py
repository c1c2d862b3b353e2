"""Which declared rules does a journey itself guarantee, and which can a history break?

The histories of the journey are searched in full, without a simulation and without records.
"""

from journey.rules.proof.contradictions import Contradiction
from journey.rules.proof.history import History
from journey.rules.proof.proof import OpenGuard, Proof, RuleProof, prove_rules
from journey.rules.proof.verdicts import Verdict

__all__ = ["Contradiction", "History", "OpenGuard", "Proof", "RuleProof", "Verdict", "prove_rules"]
