"""What a person says about answers, and what comes of it: see `docs/feedback.md`.

`feedback_of` makes it of an answer, `completed` checks it and finds the places of its words,
`export` turns what a library keeps into a suite or into training data.
"""

from assistant.feedback.export_rows import TRAINING_SHARE, export
from assistant.feedback.validation import (
    completed,
    feedback_of,
    newest,
    outcome,
    to_look_for,
    with_older,
)

__all__ = [
    "TRAINING_SHARE",
    "completed",
    "export",
    "feedback_of",
    "newest",
    "outcome",
    "to_look_for",
    "with_older",
]
