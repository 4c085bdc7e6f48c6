"""Read Excel workbooks that are no XML (.xls, .xlsb), through calamine."""

from __future__ import annotations

import datetime
import io
from decimal import Decimal

import python_calamine as calamine

from assistant.documents.document_builder import DocumentBuilder, one_line
from assistant.documents.file_type import Kind
from assistant.documents.office.number_format import general
from assistant.documents.office.package import Package
from assistant.documents.office.sheet_writer import SheetWriter
from assistant.documents.office.workbook import MAX_CELLS
from assistant.documents.parse_errors import ParseFault
from assistant.types.documents import ParsedDocument, ReadOptions

_Value = (
    int
    | float
    | str
    | bool
    | datetime.time
    | datetime.date
    | datetime.datetime
    | datetime.timedelta
)


def read_old_workbook(data: bytearray, kind: Kind, _options: ReadOptions) -> ParsedDocument:
    """Return the document: a sheet is a page. Raises `ParseFault`."""
    if kind == "xlsb":
        _weigh(data)
    builder = DocumentBuilder(kind)
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        left = MAX_CELLS
        for sheet in book.sheets_metadata:
            if sheet.typ is not calamine.SheetTypeEnum.WorkSheet:
                is_chart = sheet.typ is calamine.SheetTypeEnum.ChartSheet
                builder.note("chart_sheets" if is_chart else "macros", 1, sheet.name)
                continue
            if sheet.visible is not calamine.SheetVisibleEnum.Visible:
                builder.note("hidden_sheets", 1, sheet.name)
            left = _sheet(builder, book, sheet.name, left)
    except calamine.PasswordError as error:
        raise ParseFault("office_encrypted") from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise ParseFault("sheet_damaged") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # Rust's, which is no Exception
            raise
        raise ParseFault("sheet_damaged") from error
    builder.note("number_formats", 1)
    return builder.finish()


def _sheet(builder: DocumentBuilder, book: calamine.CalamineWorkbook, name: str, left: int) -> int:
    """Write one sheet; return how many cells may still be read."""
    writer = SheetWriter(builder, name)
    writer.begin()
    sheet = book.get_sheet_by_name(name)
    top, across = sheet.start or (0, 0)
    for number, row in enumerate(sheet.iter_rows(), top + 1):
        cells = {across + n: text for n, cell in enumerate(row) if (text := _shown(cell))}
        left -= len(cells)
        if left < 0:
            writer.left_out += 1
        else:
            writer.row(number, cells)
    writer.finish()
    return left


def _shown(cell: _Value) -> str:
    match cell:
        case bool():
            return "TRUE" if cell else "FALSE"
        case float() | int():
            return general(Decimal(str(cell)))
        case datetime.datetime():
            midnight = cell.time() == datetime.time()
            return f"{cell:%Y-%m-%d}" if midnight else f"{cell:%Y-%m-%d %H:%M}"
        case datetime.date() | datetime.time():
            return cell.isoformat()
        case _:
            return one_line(str(cell))


def _weigh(data: bytearray) -> None:
    """Unpack all parts once within the limits: calamine itself knows none."""
    package = Package(data)
    for name in package.names:
        package.read(name)
