"""Scenario files: load, merge, validate, and resolve them into arms."""
