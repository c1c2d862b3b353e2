"""Answers that need no simulation, for the worlds that have them: what the engines are held to.

* `dwells`: the laws of dwells by scipy, independent of the engines' own clocks;
* `absorbing`: absorbing Markov chains: visits, steps and days to the end, where they end;
* `markov`: a journey with exponential dwells, with or without distress, as a Markov chain in continuous time;
* `renewal`: a journey with any dwells, without distress, as a semi-Markov process;
* `queueing`: a human gate that works around the clock (Erlang C), and Little's law.

Everything is computed from the specification (`simulation.model.spec`), never from the tables that the engines read, so
that a mistake in the tables shows as a difference.
"""
