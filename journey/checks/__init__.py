"""Checks of records: SQL queries that list data-quality findings. Bad records never stop a check."""

from journey.checks.registry import CHECKS, Check, rule
from journey.checks.runner import CheckReport, check

__all__ = ["CHECKS", "Check", "CheckReport", "check", "rule"]
