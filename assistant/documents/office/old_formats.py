"""The number formats of an .xls workbook, which calamine does not tell.

[MS-XLS]: the stream "Workbook" (before Excel 97 "Book") is a row of records, each a type, a
length and data. The first part names formats (Format), the styles of cells that use them (XF) and
where each sheet begins (BoundSheet8); a sheet's records of cells name their styles.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from assistant.documents.office.compound_file import DAMAGE, open_compound
from assistant.documents.office.number_format import BUILT_IN

_BOF, _EOF, _FORMAT, _XF, _BOUND_SHEET = 0x0809, 0x000A, 0x041E, 0x00E0, 0x0085
_NUMBER, _RK, _MULTIPLE_RK, _FORMULA = 0x0203, 0x027E, 0x00BD, 0x0006
_EXCEL_97 = 0x0600
_MOST_RECORDS = 8_000_000

Formats = dict[tuple[int, int], str]
"""The format of each cell with a number that has one: (row, column) from 0."""


def formats_of_sheets(data: bytes | bytearray) -> dict[str, Formats]:
    """Return the formats by the names of the sheets; none where the file is damaged."""
    try:
        compound = open_compound(data)
        names = [entry for entry in compound.listdir() if entry[0].lower() in {"workbook", "book"}]
        stream = compound.openstream(names[0]).read()
        sheets, codes = _globals(stream)
        return {name: _cells(stream, begin, codes) for name, begin in sheets.items()}
    except DAMAGE:
        return {}


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Yield type and data of the records from `at` to the end of that part."""
    depth = 0
    for _ in range(_MOST_RECORDS):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + length]
        at += 4 + length
        depth += (kind == _BOF) - (kind == _EOF)  # a chart lies inside its sheet
        if depth <= 0:
            return


def _globals(stream: bytes) -> tuple[dict[str, int], list[str]]:
    """Return where each sheet begins, and the format of each style."""
    own: dict[int, str] = {}
    styles: list[int] = []
    sheets: dict[str, int] = {}
    wide = True
    for kind, data in _records(stream, 0):
        if kind == _BOF:
            wide = struct.unpack_from("<H", data)[0] >= _EXCEL_97
        elif kind == _FORMAT:
            own[struct.unpack_from("<H", data)[0]] = _text(data[2:], wide, long=wide)
        elif kind == _XF:
            styles.append(struct.unpack_from("<2H", data)[1])
        elif kind == _BOUND_SHEET:
            sheets[_text(data[6:], wide, long=False)] = struct.unpack_from("<I", data)[0]
    return sheets, [own.get(number, BUILT_IN.get(number, "")) for number in styles]


def _text(data: bytes, wide: bool, *, long: bool) -> str:
    """Return a string with its length before it, two bytes if `long`; `wide` since Excel 97."""
    count = struct.unpack_from("<H" if long else "<B", data)[0]
    data = data[2 if long else 1 :]
    if not wide:
        return data[:count].decode("cp1252", "replace")
    if data[0] & 1:
        return data[1 : 1 + 2 * count].decode("utf-16-le", "replace")
    return data[1 : 1 + count].decode("latin-1")


def _cells(stream: bytes, begin: int, codes: list[str]) -> Formats:
    found: Formats = {}
    for kind, data in _records(stream, begin):
        if kind not in {_NUMBER, _RK, _MULTIPLE_RK, _FORMULA}:
            continue
        row, column, style = struct.unpack_from("<3H", data)
        styles = [style]
        if kind == _MULTIPLE_RK:  # style and number of each cell, then the last column
            styles = [struct.unpack_from("<H", data, at)[0] for at in range(4, len(data) - 2, 6)]
        for place, number in enumerate(styles, column):
            code = codes[number] if number < len(codes) else ""
            if code and code != "General":
                found[row, place] = code
    return found
