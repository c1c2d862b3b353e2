"""A run as customer histories, record sets, and event logs for other tools."""
