"""Read Excel workbooks that are no XML (.xls, .xlsb), through calamine."""

from __future__ import annotations

import datetime
import io
from decimal import Decimal

import python_calamine as calamine

from assistant.documents.document_builder import DocumentBuilder, one_line
from assistant.documents.file_type import Kind
from assistant.documents.office.number_format import general, shown_number
from assistant.documents.office.old_formats import Formats, formats_of_sheets
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

_DAY = datetime.timedelta(days=1)
_DAY_ZERO = datetime.datetime(1899, 12, 30)  # noqa: DTZ001 - sheets know no time zones
_SURE_DAYS = datetime.datetime(1900, 3, 1)  # noqa: DTZ001
"""Excel counts a 29 February 1900, so that earlier days have two numbers."""


def read_old_workbook(data: bytearray, kind: Kind, _options: ReadOptions) -> ParsedDocument:
    """Return the document: a sheet is a page. Raises `ParseFault`."""
    if kind == "xlsb":
        _weigh(data)
    builder = DocumentBuilder(kind)
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        formats = formats_of_sheets(data) if kind == "xls" else {}
        left = MAX_CELLS
        for sheet in book.sheets_metadata:
            if sheet.typ is not calamine.SheetTypeEnum.WorkSheet:
                is_chart = sheet.typ is calamine.SheetTypeEnum.ChartSheet
                builder.note("chart_sheets" if is_chart else "macros", 1, sheet.name)
                continue
            if sheet.visible is not calamine.SheetVisibleEnum.Visible:
                builder.note("hidden_sheets", 1, sheet.name)
            left = _sheet(builder, book, sheet.name, formats.get(sheet.name, {}), left)
    except calamine.PasswordError as error:
        raise ParseFault("office_encrypted") from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise ParseFault("sheet_damaged") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # Rust's, which is no Exception
            raise
        raise ParseFault("sheet_damaged") from error
    if kind == "xlsb":
        builder.note("number_formats", 1)
    return builder.finish()


def _sheet(
    builder: DocumentBuilder,
    book: calamine.CalamineWorkbook,
    name: str,
    formats: Formats,
    left: int,
) -> int:
    """Write one sheet; return how many cells may still be read."""
    writer = SheetWriter(builder, name)
    writer.begin()
    sheet = book.get_sheet_by_name(name)
    top, across = sheet.start or (0, 0)
    for number, row in enumerate(sheet.iter_rows(), top + 1):
        texts = (
            (column, _shown(cell, formats.get((number - 1, column), "")))
            for column, cell in enumerate(row, across)
        )
        cells = {column: text for column, text in texts if text}
        left -= len(cells)
        if left < 0:
            writer.left_out += 1
        else:
            writer.row(number, cells)
    writer.finish()
    return left


def _shown(cell: _Value, code: str) -> str:
    """Return a cell as the sheet shows it by its format `code`; dates without one as ISO."""
    match cell:
        case bool():
            return "TRUE" if cell else "FALSE"
        case float() | int():
            return shown_number(str(cell), code) if code else general(Decimal(str(cell)))
        case datetime.date():
            return _moment(cell, code)
        case datetime.timedelta() if code:
            return shown_number(str(cell / _DAY), code)
        case datetime.time():
            return cell.isoformat()
        case _:
            return one_line(str(cell))


def _moment(cell: datetime.date, code: str) -> str:
    """Return a day, or a day and a time, which is a `datetime`."""
    whole = datetime.datetime.combine(cell, datetime.time())
    moment = cell if isinstance(cell, datetime.datetime) else whole
    if code and moment > _SURE_DAYS:
        return shown_number(str((moment - _DAY_ZERO) / _DAY), code)
    return f"{moment:%Y-%m-%d}" if moment == whole else f"{moment:%Y-%m-%d %H:%M}"


def _weigh(data: bytearray) -> None:
    """Unpack all parts once within the limits: calamine itself knows none."""
    package = Package(data)
    for name in package.names:
        package.read(name)
