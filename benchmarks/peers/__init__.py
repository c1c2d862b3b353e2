"""One customer journey, written for each library in the style of its tutorials.

`model` has the journey and its rates, in one place; `exact` what has to come out; `field` who takes part; `contest`
lets them run in turn, each in a process of its own (`runner`).
"""
