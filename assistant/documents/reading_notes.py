"""What a person should know of how a file was read, as codes that the child process sends.

As with faults, the child sends no prose: what a person reads is made here from this table.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.safe_text import safe_text
from assistant.types.documents import Note

NOTES: dict[str, str] = {
    "read_by_ocr": "pages read by OCR ({number})",
    "doubtful_lines": "doubtful lines among what OCR read ({number})",
    "illegible_lines": "lines that OCR could not read ({number}) were left out",
    "pages_without_text": "{number} of its pages have no text (pictures or blank)",
    "unseen_text": "{number} characters that nobody can see were left out",
    "unmapped_letters": "{number} of its pages have no usable text: their letters have no meaning",
    "ocr_layer": "the text of {number} of its pages is what an earlier OCR made of their pictures",
    "poor_ocr_layer": "an earlier OCR read {number} of its pages badly (of the words tried, "
    "{label} % are right)",
    "encoding": "it is not UTF-8: read as {label}, which its letters speak for",
    "bytes_replaced": "{number} bytes that mean nothing in its encoding became \ufffd",
    "payloads": "{number} characters of encoded data, such as pictures, were left out",
    "html_comments": "HTML comments ({number}) were left out: no reader of the page sees them",
    "tracked_changes": "tracked changes ({number}): inserted text was read, deleted text was not",
    "comments": "comments ({number}) are read as text of their own",
    "hidden_text": "hidden text ({number} places) was left out",
    "hidden_slides": "hidden slides ({number}) were read",
    "hidden_sheets": "hidden sheets ({number}) were read: {label}",
    "hidden_rows": "hidden rows and columns ({number}) were read: {label}",
    "chart_sheets": "sheets without cells ({number}) were left out: {label}",
    "rows_left_out": "too large to be read as a whole: {number} rows were left out of {label}",
    "rows_of_other_width": "{number} rows have more or fewer columns than the first",
    "formulas_without_value": "formulas without a stored value ({number}) were left out: {label}",
    "number_formats": "numbers stand as they are stored, without the format of their cells",
    "macros": "its macros were neither run nor read",
    "embedded_objects": "embedded objects ({number}) were left out",
    "chapters_missing": "chapters that its contents name are missing ({number})",
    "mail_damaged": "parts of the mail are damaged ({number}) and were read as far as they go",
    "mail_encrypted": "the mail is encrypted: only its head could be read",
    "pictures_left_out": "pictures in its text ({number}) were left out",
    "attachments_left_out": "attachments ({number}) were left out: {label}",
}
"""`{number}` counts, `{label}` names. The pages of a note are added behind it."""

ADVICE: dict[str, str] = {
    "encoding": "If letters are wrong: assistant add FILE --encoding NAME",
    "illegible_lines": "OCR knows no Cyrillic, Arabic and Hebrew; a sharper scan may help",
    "doubtful_lines": "Compare quotes from there with the paper; a sharper scan may help",
    "pages_without_text": "If there is writing on them: assistant add FILE --ocr always",
    "poor_ocr_layer": "Have them read again: assistant add FILE --ocr always",
    "unseen_text": "Look at the page: what is covered, white on white or cut off is not read.",
    "unmapped_letters": "The page looks right and can't be read: assistant add FILE --ocr always",
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
