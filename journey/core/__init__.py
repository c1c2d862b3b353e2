"""Errors, findings and messages, for every package. It imports no other package of the project."""
