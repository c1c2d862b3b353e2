"""Declared rules: what must, may or must never happen in a customer's history, in the DECLARE templates.

A rule is declared once, in `[[rules]]`. It is proved on the machine, found in records, measured in simulation and
respected by decisions.
"""

from journey.rules.event_names import EVENT_KINDS, Vocabulary
from journey.rules.parsing import parse_rules
from journey.rules.rule import Rule, RuleError, Where
from journey.rules.templates import TEMPLATES, Template

__all__ = ["EVENT_KINDS", "TEMPLATES", "Rule", "RuleError", "Template", "Vocabulary", "Where", "parse_rules"]
