"""Buyers from a funnel: prospects flow through a campaign's path under a budget, and who buys becomes a customer.

* `spec`: what a scenario file says; `laws`: the same as numbers;
* `prospects`: the scalar functions of one prospect, which both engines call;
* `reference`: the funnel in SimPy, the clear one; `compiled`: the same prospects by Numba, for large budgets;
* `desk`: balances, purchases of media, moves of budget with approval; `observed`: what has been seen by a day;
  `forecast`: what a buyer is predicted to be worth;
* `lived`: what came of it; `buyers`: the customers it brings; `books`: what it adds to a run.

A funnel does not look at what its buyers do later, so it is lived first and the customers' journey after it, by either
engine, with nothing changed there.
"""
