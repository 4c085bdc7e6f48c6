"""Reasons why a file can't be parsed, as codes that the child process sends.

The child sends no prose: what a person reads is made here, in the parent, from this
table, so that a hostile file can't put words into an error message.
"""

from __future__ import annotations

from assistant.documents.size_limits import MAX_CHARACTERS
from assistant.errors import DocumentError
from assistant.safe_text import safe_text

SUPPORTED = (
    "PDF, Word (.docx), PowerPoint (.pptx), Excel (.xlsx, .xls), OpenDocument (.odt, .ods, .odp), "
    "RTF, EPUB, web pages (.html), mail (.eml, .msg), tables (.csv, .tsv), JSON, Markdown (.md), "
    "plain text (.txt), source code, and pictures of pages (.png, .jpg, .tif)"
)

OTHER_KINDS = {
    "archive": "a ZIP archive",
    "office": "an Office document of another kind than Word, Excel and PowerPoint",
    "old_office": "an old Office document of a kind that can't be told",
    "old_word": "a Word document from before 2007 (.doc)",
    "old_powerpoint": "a PowerPoint presentation from before 2007 (.ppt)",
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
_CONVERT = {
    "archive": "Unpack it and add the documents in it.",
    "compressed": "Unpack it first.",
    "old_word": "Open it in Word or LibreOffice, save it as .docx, and add that.",
    "old_powerpoint": "Open it in PowerPoint or LibreOffice, save it as .pptx, and add that.",
    "wordperfect": "Open it in WordPerfect or LibreOffice, save it as .docx, and add that.",
}

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
    "not_office": (
        "{name} is not the office document, book or mail that its name says: it is {label}.",
        "Get the real file, or give it the right name ending.",
    ),
    "office_encrypted": (
        "{name} is locked with a password.",
        (
            "Open it with the password in the program that made it, save a copy without a "
            "password, and add that."
        ),
    ),
    "ebook_locked": (
        "{name} is a book that is locked to a shop's reader (DRM).",
        "It can only be read in that shop's program. Get an edition without a lock.",
    ),
    "package_damaged": (
        "{name} is damaged or cut off: its parts can't be read.",
        "Copy or download the file again; if it opens in its program, save it anew.",
    ),
    "package_twice": (
        "{name} holds two parts of the same name: two programs could show two different texts.",
        "Somebody may have tampered with it. Open it in its program, look, and save it anew.",
    ),
    "package_parts": (
        "{name} holds {number:,} parts, more than any document has.",
        "Check where it comes from; it may be made to do harm.",
    ),
    "package_without": (
        "{name} lacks the part that holds its text.",
        "Copy or download the file again; if it opens in its program, save it anew.",
    ),
    "unpacks_without_end": (
        "{name} unpacks to more than {number} MiB and was stopped.",
        "It may be made to do harm. If you trust it, split it into smaller documents.",
    ),
    "xml_damaged": (
        "{name} is damaged: the XML in it breaks off or is wrong (line {number}).",
        "Copy or download the file again; if it opens in its program, save it anew.",
    ),
    "xml_entities": (
        "{name} declares entities in its XML, which no document needs and attacks use.",
        "It may be made to do harm. Open it in its program, and save it anew if you trust it.",
    ),
    "nested_too_deep": (
        "{name} is nested deeper than {number} levels.",
        "No document needs that; it may be made to do harm.",
    ),
    "too_many_columns": (
        "{name} has a row of {number:,} columns, more than any table that people read.",
        "Check that it is the right file, and export only the columns that matter.",
    ),
    "csv_damaged": (
        "{name} can't be read as a table from line {number} on: a quotation mark may be missing.",
        "Look at that line in an editor, or save the table anew in a spreadsheet program.",
    ),
    "json_damaged": (
        "{name} is not valid JSON (line {number}).",
        "Look at that line in an editor. If it is just text, give it the name ending .txt.",
    ),
    "sheet_damaged": (
        "{name} is damaged: its sheets can't be read.",
        "Open it in a spreadsheet program, save it as .xlsx, and add that.",
    ),
    "not_a_mail": (
        "{name} is no mail, whatever its name says: it has no head with a sender or a date.",
        "Get the real file, or give it the right name ending (.txt for text).",
    ),
    "mail_parts": (
        "{name} has {number:,} parts, more than any mail.",
        "Check where it comes from; it may be made to do harm.",
    ),
    "not_text": (
        (
            "{name} can't be read as text, whatever its name says: it holds binary data, or text "
            "in an encoding that fits none that is known."
        ),
        (
            "If it is text and you know its encoding, say so: assistant add FILE --encoding NAME. "
            f"If not: documents may be {SUPPORTED}; save it so in the program that made it."
        ),
    ),
    "encoding_unclear": (
        "{name} is text in an old encoding that can't be told for sure: {label} would fit.",
        (
            "Say which: assistant add FILE --encoding NAME. Or open it in an editor, look "
            "whether all letters are right, and save it as UTF-8."
        ),
    ),
    "encoding_wrong": (
        "{name} is not text in the encoding {label}: too many of its bytes mean nothing there.",
        "Name another encoding, or leave --encoding out: then the file itself decides.",
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
            "If there is writing on them, add it without --ocr never, with the OCR models "
            "installed (assistant models setup); if they are blank, check that it is the right "
            "file."
        ),
    ),
    "pdf_unmapped": (
        (
            "{name} has no usable text: its font gives its letters no meaning, so that they can be "
            "looked at and not read ({number} pages)."
        ),
        "Add it without --ocr never, with the OCR models installed (assistant models setup).",
    ),
    "picture_no_text": (
        "{name} is a picture: its text can only be read by OCR.",
        "Add it without --ocr never, with the OCR models installed (assistant models setup).",
    ),
    "picture_too_large": (
        "{name} declares a picture of {number:,} megapixels, more than can be read here.",
        "Make it smaller in a picture program (300 dots an inch are plenty) and add that.",
    ),
    "picture_damaged": (
        "{name} is a picture that is damaged or cut off.",
        "Copy or download the file again; if it opens in a viewer, save it anew from there.",
    ),
    "picture_unusual": (
        "{name} is a picture that is stored in a way that is not read here.",
        "Open it in a picture program and save it as PNG without interlacing, or as PDF.",
    ),
    "ocr_no_text": (
        "No text was found in {name}, though its pages ({number}) were read by OCR.",
        "If there is writing on it, scan it again: upright, sharp, with 200 to 300 dots an inch.",
    ),
    "changed_meanwhile": (
        "{name} was changed while it was read.",
        "Add it again when nobody writes to it.",
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
        "The file is damaged or made to do harm: save it anew, or print it to a new PDF.",
    ),
    "stopped": (
        "The reader stopped while it read {name}.",
        "Add it again; if that happens twice, the file is damaged: save it anew, or as a PDF.",
    ),
    "bad_reply": (
        "The reader gave an unusable result for {name}, which was thrown away.",
        "The file may be made to do harm. Save it anew, or print it to a new PDF, and add that.",
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
    label = OTHER_KINDS.get(fault.label, fault.label)
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
