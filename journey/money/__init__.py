"""Money: ledgers of value and cost, and how amounts are written."""
