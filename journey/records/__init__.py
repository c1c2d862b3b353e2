"""Recorded customers: what a record holds, and how a folder of records is read."""
