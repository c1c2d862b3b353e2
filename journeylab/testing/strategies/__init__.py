"""Which random cases test a journey, its records, a policy or a scenario? Hypothesis strategies, by topic."""
