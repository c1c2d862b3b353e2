"""The randomised mode: assignment to arms, and the analysis of an A/B test."""
