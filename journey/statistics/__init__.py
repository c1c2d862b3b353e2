"""Estimates, intervals and tests of proportions and means, each with the source of its formula."""
