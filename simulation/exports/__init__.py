"""Exports of a run: customer histories, record sets and event logs."""
