"""What do the commands and the Python package have in common? Options become a plan, and a plan gives a result."""
