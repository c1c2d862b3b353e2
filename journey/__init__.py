"""What a customer journey is and what to do about one customer: machine, records, rules, orchestrator.

No clock, no randomness and no simulation live here; see the package `simulation` for those.
"""
