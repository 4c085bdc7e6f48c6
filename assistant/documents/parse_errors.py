"""Reasons why a file can't be parsed, as codes that the child process sends.

The child sends no prose: what a person reads is made here, in the parent, from this
table, so that a hostile file can't put words into an error message.
"""

from __future__ import annotations

from assistant.documents.size_limits import MAX_CHARACTERS
from assistant.errors import DocumentError
from assistant.safe_text import safe_text

SUPPORTED = "PDF, plain text (.txt) and Markdown (.md)"

OTHER_KINDS = {
    "archive": "a ZIP archive",
    "office": "an Office document (Word, Excel, PowerPoint or OpenDocument)",
    "ebook": "an EPUB book",
    "old_office": "an old Office document (.doc, .xls, .ppt or .msg)",
    "rtf": "a rich text (RTF) document",
    "wordperfect": "a WordPerfect document",
    "postscript": "a PostScript file",
    "picture": "a picture",
    "media": "a sound or video file",
    "compressed": "a compressed archive",
    "program": "a program",
    "database": "a database",
    "model": "a model file",
    "html": "a web page",
    "text": "text",
    "unknown": "something else",
}

_SAVE_AS = "Open it in the program that made it, save it as PDF or text, and add that."
_CONVERT = {"archive": "Unpack it and add the documents in it.", "compressed": "Unpack it first."}

_TABLE: dict[str, tuple[str, str]] = {
    "empty": ("{name} is empty (0 bytes).", "Get a complete copy of the file."),
    "blank": (
        "{name} holds no text, only white space or characters that nobody sees.",
        "Check that it is the right file.",
    ),
    "other_kind": ("{name} is {label}, which can't be read here.", "{convert}"),
    "not_pdf": (
        "{name} is not a PDF, whatever its name says: it is {label}.",
        "Get the real PDF, or give the file the right name ending.",
    ),
    "not_text": (
        (
            "{name} can't be read as text, whatever its name says: it holds binary data, or text "
            "in an encoding other than UTF-8, UTF-16, UTF-32 and Windows-1252."
        ),
        (
            "If it is text in another encoding, open it in an editor and save it as UTF-8. "
            f"If not: documents may be {SUPPORTED}; save it so in the program that made it."
        ),
    ),
    "pdf_encrypted": (
        "{name} is a PDF that is locked with a password.",
        "Open it in a PDF viewer with the password, save an unlocked copy, and add that.",
    ),
    "pdf_security": (
        "{name} is a PDF that is encrypted in a way that can't be read here.",
        "Open it in the viewer it was made for and print it to a new PDF.",
    ),
    "pdf_damaged": (
        "{name} is damaged: its structure can't be read as a PDF.",
        "Get the file again, or open it in a PDF viewer and print it to a new PDF.",
    ),
    "pdf_truncated": (
        "{name} is cut off: the end of the PDF is missing, so pages may be missing too.",
        "Copy or download the file again; if it opens in a viewer, print it to a new PDF.",
    ),
    "pdf_page": (
        "{name} is damaged: page {number} can't be read.",
        "Get the file again, or open it in a PDF viewer and print it to a new PDF.",
    ),
    "pdf_no_pages": ("{name} is a PDF without pages.", "Get a complete copy of the file."),
    "pdf_no_text": (
        (
            "{name} has no text layer: its pages ({number}) are pictures, as a scanner makes them, "
            "or blank."
        ),
        (
            "If there is writing on them, run OCR over it (for example with ocrmypdf) and add the "
            "result; if they are blank, check that it is the right file."
        ),
    ),
    "too_many_pages": (
        "{name} has {number} pages, more than can be read at once.",
        "Split it into smaller documents.",
    ),
    "too_much_text": (
        (
            "{name} holds too much text: {number:,} characters or more. "
            "One document may hold {most:,}."
        ),
        "Split it into {parts} or more documents and add those.",
    ),
    "memory": (
        "Reading {name} took more than {memory} MiB of memory and was stopped.",
        "Split the document, or raise 'parse_memory_mb' in the settings if you trust it.",
    ),
    "processor": (
        "Reading {name} took more than {seconds} s of processor time and was stopped.",
        "Split the document, or raise 'parse_seconds' in the settings if you trust it.",
    ),
    "killed": (
        "The system stopped the reader while it read {name}: the machine is out of memory.",
        "Close other programs and add it again, or split the document.",
    ),
    "wall_clock": (
        "Reading {name} did not finish in time and was stopped.",
        "Try again when the machine is less busy, or raise 'parse_seconds' in the settings.",
    ),
    "crash": (
        "Reading {name} crashed (signal {number}); it may need more than {memory} MiB of memory.",
        "The file is damaged or made to do harm: print it to a new PDF in a viewer, add that.",
    ),
    "stopped": (
        "The reader stopped while it read {name}.",
        "Add it again; if that happens twice, the file is damaged: print it to a new PDF.",
    ),
    "bad_reply": (
        "The reader gave an unusable result for {name}, which was thrown away.",
        "The file may be made to do harm. Print it to a new PDF in a viewer and add that.",
    ),
}
CODES = frozenset(_TABLE)


class ParseFault(Exception):  # noqa: N818 - a finding about the file, turned into an error
    """Raised by parsers; crosses the process border as its three fields."""

    def __init__(self, code: str, *, number: int = 0, label: str = "unknown") -> None:
        super().__init__(code)
        self.code = code
        self.number = number
        self.label = label


def shown_name(name: object) -> str:
    """Return a file name fit for an error message: one line, nothing hidden in it."""
    return safe_text(str(name), single_line=True).replace("\x1b", "")


def document_error(name: str, fault: ParseFault, *, memory_mb: int, seconds: int) -> DocumentError:
    """Turn a fault into the error that a person reads. `name` is the path as given."""
    message, hint = _TABLE[fault.code]
    label = OTHER_KINDS[fault.label]
    values = {
        "name": f"'{shown_name(name)}'",
        "number": fault.number,
        "label": label,
        "convert": _CONVERT.get(fault.label, f"{_SAVE_AS} Documents may be {SUPPORTED}."),
        "most": MAX_CHARACTERS,
        "parts": max(2, -(-fault.number // MAX_CHARACTERS)),
        "memory": memory_mb,
        "seconds": seconds,
    }
    return DocumentError(message.format(**values), hint=hint.format(**values))
