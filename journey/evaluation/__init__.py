"""Evaluate recorded customers: findings, decisions, KPIs and ROI of one folder of records."""
