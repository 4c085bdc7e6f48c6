"""Read tables that are text: values between commas, semicolons, tabs or bars."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from assistant.documents.document_builder import MAX_PLACES, DocumentBuilder, one_line
from assistant.documents.file_type import Kind
from assistant.documents.parse_errors import ParseFault
from assistant.documents.table_rows import (
    could_be_heads,
    headed_row,
    is_figure,
    joined,
    plain_row,
)
from assistant.documents.text_encoding import decode_text
from assistant.types.documents import ParsedDocument, ReadOptions

MAX_COLUMNS = 16_384
"""Of one row, as many as Excel has. More than that is no table that anybody reads."""

_DELIMITERS = ",;\t|"
_LINES_TRIED = 50
_LONGEST_FIELD = 1_000_000


def read_csv(data: bytearray, kind: Kind, options: ReadOptions) -> ParsedDocument:
    """Return a line for each row, each value after its column's head. Raises `ParseFault`."""
    text = decode_text(data, options.encoding)
    builder = DocumentBuilder(kind)
    csv.field_size_limit(_LONGEST_FIELD)
    heads: list[str] | None = None
    odd = width = 0
    for number, (line, row) in enumerate(_rows(text, _delimiter(text, kind))):
        cells = [one_line(cell) for cell in row]
        if heads is None:
            heads = cells if _names_columns(cells) else []
            width = len(cells)
            words = plain_row(cells)
        else:
            odd += len(cells) != width
            words = headed_row(cells, heads)
        builder.paragraph(joined(words), f"line {line}" if number < MAX_PLACES else "")
    if odd:
        builder.note("rows_of_other_width", odd)
    return builder.finish()


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line on which each row begins, and its cells. Raises `ParseFault`."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    try:
        for row in reader:
            if len(row) > MAX_COLUMNS:
                raise ParseFault("too_many_columns", number=len(row))
            if any(cell.strip() for cell in row):
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise ParseFault("csv_damaged", number=line) from error


def _names_columns(cells: list[str]) -> bool:
    """The first row has the heads unless it holds figures."""
    return could_be_heads(cells) or not any(map(is_figure, cells))


def _delimiter(text: str, kind: Kind) -> str:
    """Return what cuts most of the first lines into the same number of pieces."""
    if kind == "tsv":
        return "\t"
    start = io.StringIO(text[: 1 << 16])
    lines = [line for _, line in zip(range(_LINES_TRIED), start, strict=False) if line.strip()]

    def worth(mark: str) -> tuple[int, int]:
        counts = [line.count(mark) for line in lines]
        usual = max(set(counts), key=counts.count, default=0)
        return (counts.count(usual) if usual else 0, usual)

    return max(_DELIMITERS, key=worth)
