"""Questions asked of the simulation: scenario files, comparison, money, reports, the command line."""
