"""What a person can do when the log refuses."""

from __future__ import annotations

OLD_HINT = (
    "It is the log of a library that was here before. Move it to a safe place (it may have to "
    "be kept), then try again."
)

VERIFY_HINT = (
    "See what happened with 'assistant audit verify'. Restore the log from a backup, or, if you "
    "know why it is so, go on from here with 'assistant audit accept'."
)
