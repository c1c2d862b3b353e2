"""The compiled engine: the model of `simulation.reference.engine` for large cohorts, with the same trace.

Customers are independent except at the human gate. So each one runs alone up to its next request for review; requests,
and the customers that wait, go through one heap in time order (`gate`). Rules, clocks, streams and working hours are
the functions of the reference engine, compiled; what is written again here is the order in which things happen, and
the equality of the traces is the test of both.
"""
