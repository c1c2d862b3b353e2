"""Recorded customers: the fields of records, and reading a folder of records."""
