"""Heads over several columns, cells of several lines, justified lines, right-to-left words."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from assistant.documents.pdf.document import read_pdf
from assistant.documents.pdf.right_to_left import reading_order
from tests.fakes.pdf_pages import Placed, column, pages, read, text

SHEETS = (
    ("Crops", ("Rye", "Oats"), (("North field", "41", "17"), ("South field", "38", "29"))),
    ("Wages", ("Day", "Night"), (("Porter", "112", "140"), ("Guard", "118", "151"))),
    ("Rooms", ("Single", "Double"), (("First floor", "9", "14"), ("Attic", "3", "6"))),
    ("Tickets", ("Child", "Adult"), (("Zone one", "2.10", "4.20"), ("Zone two", "3.30", "6.60"))),
    ("Length", ("Cut", "Sewn"), (("Sleeve", "61", "58"), ("Back", "74", "71"))),
)  # fmt: skip


def lines_of(*pieces: Placed) -> list[str]:
    return read_pdf(bytearray(pages(text(*pieces)))).text.splitlines()


@pytest.mark.parametrize(("over", "heads", "rows"), SHEETS)
def test_a_head_over_several_columns_names_each_of_them(
    over: str, heads: tuple[str, str], rows: Sequence[tuple[str, str, str]]
) -> None:
    pieces = [(60.0, 100.0, "Kind"), (250.0, 84.0, over), (420.0, 84.0, "Other")]
    pieces += [(x, 100.0, head) for x, head in zip((220, 300, 380, 460), heads * 2, strict=True)]
    for number, (name, one, two) in enumerate(rows + rows[:1]):
        top = 118.0 + 18 * number
        pieces += [(60.0, top, f"{name} {number}"), (220.0, top, one), (300.0, top, two),
                   (380.0, top, "7"), (460.0, top, "8")]  # fmt: skip
    name, one, two = rows[1]
    said = f"{name} 1 | {over} {heads[0]}: {one} | {over} {heads[1]}: {two}"
    assert f"{said} | Other {heads[0]}: 7 | Other {heads[1]}: 8" in lines_of(*pieces)


@pytest.mark.parametrize(("over", "heads", "rows"), SHEETS)
def test_a_cell_of_two_lines_is_one_cell(
    over: str, heads: tuple[str, str], rows: Sequence[tuple[str, str, str]]
) -> None:
    pieces = [(60.0, 90.0, over), (220.0, 90.0, heads[0]), (300.0, 90.0, heads[1])]
    for number, (name, one, two) in enumerate(rows + rows):
        top = 115.0 + 36 * number
        pieces += [(60.0, top, name), (60.0, top + 12, f"of series {number}")]
        pieces += [(220.0, top, one), (300.0, top, two)]
    name, one, two = rows[1]
    found = lines_of(*pieces)
    assert f"{name} of series 3 | {heads[0]}: {one} | {heads[1]}: {two}" in found


@pytest.mark.parametrize("gap", [6.0, 9.0, 12.0, 16.0, 20.0])
def test_equal_wide_spaces_of_narrow_justified_lines_part_nothing(gap: float) -> None:
    """`Tw` widens each space of a line by the same amount, as justification does."""
    first = (
        "the old mill",
        "a brook runs by",
        "nobody mends it",
        "we went there on",
        "some say so",
    )
    other = (
        "its wheel is",
        "of oak and lead",
        "as all can see",
        "no man lives in",
        "the tower now",
    )
    widened = f"{gap} Tw"
    painted = [text(*column(left, 100, *lines), before=f"{widened} ")
               for left, lines in ((50, first), (330, other))]  # fmt: skip
    found = " ".join(read_pdf(bytearray(pages(b"\n".join(painted)))).text.split())
    assert found == " ".join((*first, *other))


@pytest.mark.parametrize(
    ("seen", "read"),
    [
        ("םולש", "שלום"),
        ("תיב םולש", "שלום בית"),
        ("1948 תנש", "שנת 1948"),
        ("PDF ץבוק", "קובץ PDF"),
        ("תיב N Y ריע", "עיר N Y בית"),
        ("رحب", "بحر"),
        ("the word םולש here", "the word שלום here"),
    ],
)
def test_words_from_right_to_left_are_read_so(seen: str, read: str) -> None:
    placed: list[list[tuple[float, int]]] = [[]]
    for left, character in enumerate(seen):
        if character == " ":
            placed.append([])
        else:
            placed[-1].append((float(left), ord(character)))
    shuffled = [sorted(word, key=lambda c: -c[1]) for word in reversed(placed)]
    assert "".join(map(chr, reading_order(placed))) == read
    assert "".join(map(chr, reading_order(shuffled))) == read


HEADS = ("Berth", "Summer", "Winter")
ROWS = (("up to 6 m", "14", "8"), ("up to 9 m", "20", "13"), ("up to 12 m", "31", "19"),
        ("over 12 m", "on request", "27"))  # fmt: skip


@pytest.mark.parametrize("painted", ["rows", "columns"])
def test_a_table_is_read_by_rows_with_the_heads_of_its_columns(painted: str) -> None:
    rows = [[(60 + 150.0 * c, 120 + 18.0 * r, cell) for c, cell in enumerate(cells)]
            for r, cells in enumerate((HEADS, *ROWS))]  # fmt: skip
    pieces = [p for row in rows for p in row]
    if painted == "columns":
        pieces = [row[c] for c in range(3) for row in rows]
    document = read(text((60, 90, "Fees of the marina for a night"), *pieces))
    assert "up to 9 m | Summer: 20 | Winter: 13" in document.text
    assert "over 12 m | Summer: on request | Winter: 27" in document.text
    assert {r.kind for r in document.regions} == {"table"}
    assert document.text.startswith("Fees of the marina for a night")


def test_two_columns_of_words_and_numbers_are_a_table() -> None:
    rows = [("Paralgan for adults", "500 mg"), ("Paralgan for children", "250 mg"),
            ("Lentol for adults", "20 mg"), ("Lentol for children", "5 mg")]  # fmt: skip
    pieces = [(x, 100 + 16.0 * r, cell) for r, row in enumerate(rows)
              for x, cell in zip((60.0, 320.0), row, strict=True)]  # fmt: skip
    lines = read(text(*pieces)).text.splitlines()
    for name, dose in rows:
        assert any(name in line and dose in line for line in lines)


@pytest.mark.parametrize(
    "long", ["Village thunder 6823x", "Repair of both masts", "Winter 2025 to 2026"]
)
def test_a_long_cell_that_leaves_little_white_before_the_next(long: str) -> None:
    """Each row is painted at once, and PDFium takes the little white for a space."""
    rows = [("Item", "Summer", "Winter"), ("Parcel", "4987", "641"), ("Copper", "3038", "8261"),
            (long, "8190", "8478"), ("Timber", "8654", "4323")]  # fmt: skip
    width = {
        "Village thunder 6823x": 96.7,
        "Repair of both masts": 92.3,
        "Winter 2025 to 2026": 90.1,
    }
    edge = 60 + width[long] + 8.8
    pieces = [(x, 100 + 18.0 * n, cell) for n, row in enumerate(rows)
              for x, cell in zip((60.0, edge, edge + 110), row, strict=True)]  # fmt: skip
    lines = lines_of(*pieces)
    assert f"{long} | Summer: 8190 | Winter: 8478" in lines
    assert "Parcel | Summer: 4987 | Winter: 641" in lines


def test_numbers_in_running_text_are_no_cells() -> None:
    lines = ["Paid were 140 euros in the first", "year and 1999 more in the second,",
             "of which 2500 went to the fund"]  # fmt: skip
    assert lines_of(*column(60, 100, *lines)) == lines


def sheet(*rows: Sequence[str], top: float = 100) -> bytes:
    return text(*((x, top + 18.0 * n, cell) for n, row in enumerate(rows)
                  for x, cell in zip((60.0, 260.0, 400.0), row, strict=True)))  # fmt: skip


NUMBERS = (("up to 6 m", "14", "8"), ("up to 9 m", "20", "13"), ("up to 12 m", "31", "19"))
WORDS = (("Anna Berg", "the pumps", "Monday"), ("Otto Falk", "the gates", "Friday"),
         ("Ida Lund", "the cranes", "Sunday"))  # fmt: skip


@pytest.mark.parametrize("repeated", [False, True])
@pytest.mark.parametrize("foot", ["", "Page 1 of 3"])
@pytest.mark.parametrize(
    ("heads", "rows"),
    [(("Berth", "Summer", "Winter"), NUMBERS), (("Name", "Watches", "Day"), WORDS)],
)
def test_a_table_that_goes_on_over_a_page_keeps_its_heads(
    heads: tuple[str, str, str], rows: Sequence[Sequence[str]], foot: str, repeated: bool
) -> None:
    below = b"\n" + text((250.0, 800.0, foot)) if foot else b""
    more = [(f"{name} again", *others) for name, *others in rows]
    last = [(f"{name} once more", *others) for name, *others in rows]
    again = [heads] if repeated else []
    made = [sheet(heads, *rows, top=700) + below, sheet(*again, *more), sheet(*again, *last)]
    found = read(*made).text.splitlines()
    for name, one, other in (*rows, *more, *last):
        assert f"{name} | {heads[1]}: {one} | {heads[2]}: {other}" in found


def test_another_table_on_the_next_page_has_no_heads_of_the_one_before() -> None:
    heads = ("Berth", "Summer", "Winter")
    others = [(20.0 + 150 * c, 100 + 18.0 * r, cell) for r, row in enumerate(WORDS)
              for c, cell in enumerate(row)]  # fmt: skip
    found = read(sheet(heads, *NUMBERS, top=700), text(*others)).text
    assert "Summer: the" not in found
    assert "Anna Berg | the pumps | Monday" in found
