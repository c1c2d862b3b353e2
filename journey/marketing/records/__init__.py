"""Recorded campaigns: what a record of the marketing side holds, and how folders of them are read."""
