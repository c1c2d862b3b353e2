"""Moves of budget between channels: proposals, rules, approvals, the log, their impact."""
