"""Checks: what is odd about records, noticed in SQL and never a crash."""

from journey.checks.registry import CHECKS, Check, rule
from journey.checks.runner import CheckReport, check

__all__ = ["CHECKS", "Check", "CheckReport", "check", "rule"]
