"""The reference pages: what do the commands, keys, metrics, records and findings mean? Generated from the code."""
