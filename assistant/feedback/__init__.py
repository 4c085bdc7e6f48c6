"""Feedback on answers, and its use: see `docs/feedback.md`.

`rules.feedback_of` makes it of an answer, `rules.completed` checks it and finds the places of
its words, `conversion.export` turns what a library keeps into a suite or into training data.
"""
