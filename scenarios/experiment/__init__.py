"""Randomised mode: assignment of customers to arms, and the analysis of the A/B test."""
