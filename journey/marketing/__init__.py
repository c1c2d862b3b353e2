"""The marketing side: campaigns, their funnel, budget moves, risks and rollups, on the same machine as the journey."""
