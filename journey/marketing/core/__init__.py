"""Shared parts of the marketing packages: findings, lifecycles and the marketing policy."""
