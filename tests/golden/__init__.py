"""Behaviour, frozen: what the program computes today, and one command that finds the first difference.

`python -m tests.golden` compares everything with the stored files; `python -m tests.golden --write` stores today's
results. A golden file changes only in a commit of its own that gives the reason, with a line "Numbers change: ..." in
the CHANGELOG.
"""
