"""Questions about what happens to customers, such as ``P(reach "paying" within 30)``, and their answers.

* `question`: a question as data;
* `grammar`: questions as text, and their errors;
* `totals`: the totals of customers by segment and tier that an answer is computed from;
* `starts`: the customers that a question is about, and where they begin;
* `markov_worlds`: the Markov chain of a kind of customer, or why there is none;
* `exact_totals`: totals from the chain;
* `stays`: the stays of simulated customers, from the trace of a run;
* `simulated_totals`: totals from these stays;
* `answers`: answers from totals.
"""
