"""What a person should know of how a file was read, as codes that the child process sends.

As with faults, the child sends no prose: what a person reads is made here from this table.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.safe_text import safe_text
from assistant.types.documents import Note

NOTES: dict[str, str] = {
    "pages_without_text": "{number} of its pages have no text (pictures or blank)",
}
"""`{number}` counts, `{label}` names. The pages of a note are added behind it."""

ADVICE: dict[str, str] = {
    "pages_without_text": "If there is writing on them: assistant add FILE --ocr always",
}
"""What to do about a note, where something can be done."""

_PAGES_LISTED = 12


def worded(note: Note) -> str:
    """Return one line for a person, without a full stop."""
    label = safe_text(note.label, single_line=True)
    line = NOTES[note.code].format(number=note.number, label=label)
    if not note.pages:
        return line
    more = ", ..." if len(note.pages) > _PAGES_LISTED else ""
    return f"{line}: {', '.join(map(str, note.pages[:_PAGES_LISTED]))}{more}"


def advice(note: Note) -> str:
    """Return what to do about a note, "" if nothing is to be done."""
    return ADVICE.get(note.code, "")


def all_worded(notes: Sequence[Note]) -> str:
    """Return all notes as one line, "" if there is none."""
    return "; ".join(map(worded, notes))
