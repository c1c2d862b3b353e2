"""An independent copy of the simulated customer, which both engines are compared with.

It is the reference engine as it was when each engine had its own source of the customer. If both engines share one
source, a comparison of the two does not find an error in it, but a comparison with the oracle does. The oracle resolves
the parameters of an arm itself. From `simulation` it imports only what `test_independence.py` lists: specifications,
populations, random streams, distribution functions, working hours and trace rows.

The oracle simulates the world of its date. Mechanisms that are younger, such as the notice period, are off in all
comparisons (`full_runs.NOT_IN_THE_ORACLE`). Delete this folder with the next change of what it does simulate.
"""
