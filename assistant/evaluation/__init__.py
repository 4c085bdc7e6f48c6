"""Measuring the assistant on a person's own questions: a suite, arms, figures, a report.

Everything is asked through a `Workspace`, as a front end does. Nothing is imported here:
`figures` needs numpy, which starts threads, and the lockdown wants none before it.
"""
