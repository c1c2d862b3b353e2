"""The compiled engine: the model of `simulation.reference.engine` for large populations, with the same trace.

Customers are independent except for the review queue. Each one therefore runs alone up to the next review request.
Requests, and the customers that wait for a review, go through one event list in order of time (`review_queue`). Rules,
clocks, random streams and working hours are the functions of the reference engine, compiled. Only the order of events
is implemented again here; tests compare the traces of both engines.
"""
