"""Estimates, intervals and tests of shares and means, each with the source of its formula."""
