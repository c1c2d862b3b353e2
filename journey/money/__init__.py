"""Money: ledgers of value and cost."""
