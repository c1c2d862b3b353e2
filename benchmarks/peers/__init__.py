"""One customer journey, written for each library as that library's own tutorials would write it.

`model` has the journey and its rates, in one place; `exact` what has to come out; `field` who takes part; `contest`
lets them run in turn, each in a process of its own (`runner`).
"""
