"""Files made to do harm: each is refused with its reason, and the next one is read."""

from __future__ import annotations

import contextlib
import io
import random
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.documents.file_type import SUFFIXES
from assistant.documents.parse import parse_bytes
from assistant.documents.parse_errors import ParseFault
from assistant.documents.sandboxed_parser import ChildParser
from assistant.errors import DocumentError
from assistant.types import AS_FOUND
from tests.fakes import office_files as office
from tests.fakes.office_files import (
    STYLES,
    compound,
    docx,
    epub,
    open_document,
    p,
    package,
    pptx,
    xlsx,
)

W = office.W


def entities(part: str, name: str) -> Callable[[], bytes]:
    """A document with a DTD in its main part."""

    def made() -> bytes:
        dtd = f"<!DOCTYPE x [{part}]>"
        text = f"<w:document {W}><w:body>{p('&e;')}</w:body></w:document>"
        return package({"[Content_Types].xml": "<T/>", name: dtd + text})

    return made


LAUGHS = '<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
)


def inflating(name: str) -> bytes:
    """A few hundred kB that unpack to 320 MiB, more than is read."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr("[Content_Types].xml", "<T/>")
        with file.open(name, "w", force_zip64=True) as part:
            block = b" " * (1 << 22)
            for _ in range(80):
                part.write(block)
    return made.getvalue()


def lying() -> bytes:
    """A part whose declared size is a lie."""
    data = bytearray(docx(p("word " * 5_000)))
    for at in range(len(data)):
        if data[at : at + 4] == b"PK\x01\x02" and b"document.xml" in data[at : at + 80]:
            data[at + 24 : at + 28] = (10).to_bytes(4, "little")
    return bytes(data)


def twice() -> bytes:
    made = io.BytesIO(docx(p("The rent is 20.")))
    with warnings.catch_warnings(), zipfile.ZipFile(made, "a") as file:
        warnings.simplefilter("ignore")
        file.writestr(
            "word/document.xml", f"<w:document {W}><w:body>{p('It is 90.')}</w:body></w:document>"
        )
    return made.getvalue()


def locked_zip() -> bytes:
    data = bytearray(docx(p("secret")))
    for at in range(len(data) - 4):
        if data[at : at + 4] == b"PK\x03\x04":
            data[at + 6] |= 1
        elif data[at : at + 4] == b"PK\x01\x02":
            data[at + 8] |= 1
    return bytes(data)


def many_sheets() -> bytes:
    entries = "".join(f'<sheet name="s{n}" r:id="rId1"/>' for n in range(20_100))
    book = f"<workbook {office.S} {office.R}><sheets>{entries}</sheets></workbook>"
    return xlsx({"A": "<sheetData/>"}, {"xl/workbook.xml": book})


def locked() -> bytes:
    return compound({"EncryptedPackage": b"x", "EncryptionInfo": b"x"})


def in_a_circle() -> bytes:
    """A style that is based on itself."""
    circle = STYLES.replace('basedOn w:val="Heading2"', 'basedOn w:val="Mine"')
    return docx(p("Still here.", "Mine"), styles=circle)


DEEP = 50_000
DTD_OUTSIDE = '<!ENTITY e SYSTEM "file:///etc/passwd">'
DTD_PARAMETER = '<!ENTITY % e SYSTEM "http://x.org/y">%e;'
MAIN = "word/document.xml"
ENTITIES = "declares entities"
TOO_DEEP = "nested deeper than 400 levels"
HOSTILE: list[tuple[str, Callable[[], bytes], str]] = [
    ("bomb.docx", lambda: inflating("word/document.xml"), "unpacks to more than 256 MiB"),
    ("bomb.xlsx", lambda: inflating("xl/workbook.bin"), "unpacks to more than 256 MiB"),
    ("lying.docx", lying, "damaged or cut off"),
    ("twice.docx", twice, "two parts of the same name"),
    ("nested.docx", lambda: package({"in.zip": package({"x": docx(p("x"))})}), "a ZIP archive"),
    ("parts.docx", lambda: package({f"{n}": "" for n in range(20_100)}), "20,100 parts"),
    ("locked.docx", locked_zip, "locked with a password"),
    ("locked2.docx", locked, "locked with a password"),
    ("old.doc", lambda: compound({"WordDocument": b"x"}), "from before 2007 (.doc)"),
    ("old.ppt", lambda: compound({"PowerPoint Document": b"x"}), "from before 2007 (.ppt)"),
    ("old.wpd", lambda: b"\xffWPC" + bytes(100), "a WordPerfect document"),
    ("other.docx", lambda: compound({"Visio": b"x"}), "an old Office document of a kind"),
    ("external.docx", entities(DTD_OUTSIDE, MAIN), ENTITIES),
    ("laughs.docx", entities(LAUGHS + '<!ENTITY e "&j;">', MAIN), ENTITIES),
    ("parameter.docx", entities(DTD_PARAMETER, MAIN), ENTITIES),
    ("deep.docx", lambda: docx("<w:sdt>" * DEEP), TOO_DEEP),
    ("deep.odt", lambda: open_document("text", "<text:section>" * DEEP), TOO_DEEP),
    ("deep.pptx", lambda: pptx({"": "<p:grpSp>" * DEEP}), TOO_DEEP),
    ("deep.json", lambda: b"[" * DEEP, "nested deeper than 200 levels"),
    ("deep.jsonl", lambda: b'{"a":' * DEEP, "nested deeper than 200 levels"),
    ("deep.rtf", lambda: b"{\\rtf1" + b"{" * DEEP, "nested deeper than 1000 levels"),
    ("columns.csv", lambda: b"a," * 1_000_000, "1,000,001 columns"),
    ("quote.csv", lambda: b'a,b\n1,"' + b"x" * 1_500_000, "can't be read as a table from line 2"),
    ("sheets.xlsx", many_sheets, "20001 pages"),
    ("cut.docx", lambda: docx(p("word " * 500))[:-40], "damaged or cut off"),
    ("cut.epub", lambda: epub({"a": "<p>x</p>"})[:300], "damaged or cut off"),
    ("cut.xml.docx", lambda: docx("<w:p>"), "XML in it breaks off"),
    ("dtd.docx", lambda: docx("&nbsp;"), "XML in it breaks off"),
    ("none.docx", lambda: b"\x00" * 2_000, "its name says"),
    ("page.docx", lambda: b"<html>404</html>", "its name says: it is a web page"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "make", "says"), HOSTILE, ids=[name for name, _, _ in HOSTILE])
def test_named_with_the_reason(
    parser: ChildParser, folder: Path, name: str, make: Callable[[], bytes], says: str
) -> None:
    path = folder / name
    path.write_bytes(make())
    begun = time.monotonic()
    with pytest.raises(DocumentError) as caught:
        parser.parse(path)
    assert says in caught.value.message
    assert name in caught.value.message
    assert caught.value.hint
    assert time.monotonic() - begun < 20
    good = folder / "good.docx"
    good.write_bytes(docx(p("Still here.")))
    assert parser.parse(good).document.text == "Still here.\n"


MADE: dict[str, bytes] = {
    "a.docx": docx(p("Still here.")),
    "circle.docx": in_a_circle(),
    "a.pptx": pptx({"": office.shape("Still here.")}),
    "a.xlsx": xlsx({"S": office.rows(("Still here.",))}),
    "a.odt": open_document("text", "<text:p>Still here.</text:p>"),
    "a.ods": open_document(
        "spreadsheet",
        '<table:table table:name="S"><table:table-row><table:table-cell>'
        "<text:p>Still here.</text:p></table:table-cell></table:table-row></table:table>",
    ),
    "a.odp": open_document(
        "presentation",
        "<draw:page><draw:frame><draw:text-box><text:p>Still here.</text:p></draw:text-box>"
        "</draw:frame></draw:page>",
    ),
    "a.epub": epub({"a": "<html><body><p>Still here.</p></body></html>"}),
    "a.rtf": rb"{\rtf1\ansi\ansicpg1251 Still here.\par}",
    "a.html": b'<html><meta charset="koi8-r"><p>Still here.</p></html>',
    "a.eml": b"From: a@x.org\nContent-Type: text/plain; charset=no-such\n\nStill here.\n",
    "b.eml": b"From: a@x.org\nContent-Transfer-Encoding: base64\n\nU3RpbGwgaGVyZS4=\n",
    "c.eml": b"From: =?windows-1255?Q?=F9?= <a@x.org>\nDate: nonsense\n\nStill here.\n",
    "d.eml": b"From: a@x.org\nContent-Type: multipart/mixed; boundary=x\n\n"
    b"--x\n\nStill here.\n--x\n"
    b"Content-Type: message/rfc822\n\nSubject: =?utf-8?Q?=C3=BC?=\n\nInner.\n--x--\n",
    "a.msg": compound({
        "__properties_version1.0": bytes(32),
        "__substg1.0_1000001F": "Still here.".encode("utf-16-le"),
    }),
    "a.csv": b"Still here.,1\n",
    "a.json": b'{"a": "Still here."}',
    "a.jsonl": b'"Still here."\n',
    "a.py": b"# Still here.\n",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(MADE))
def test_every_kind_is_read_where_no_file_can_be_opened(
    parser: ChildParser, folder: Path, name: str
) -> None:
    path = folder / name
    path.write_bytes(MADE[name])
    assert "Still here." in parser.parse(path).document.text


_INSERTED = [b"", b"<", b'"', b"99999999999", b"\0", b"{", b"=?", b"-1"]


def damaged(data: bytes, random_bytes: random.Random) -> bytes:
    """Change, drop and insert some bytes; in a package those of its XML."""
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            parts = {name: file.read(name) for name in file.namelist() if name != "mimetype"}
            first = file.read("mimetype").decode() if "mimetype" in file.namelist() else ""
        hit = random_bytes.choice(sorted(parts))
        return package({**parts, hit: damaged(parts[hit], random_bytes)}, first=first)
    changed = bytearray(data)
    for _ in range(random_bytes.randint(1, 5)):
        at = random_bytes.randrange(len(changed) or 1)
        inserted = random_bytes.choice(_INSERTED)
        changed[at : at + random_bytes.choice([0, 0, 1, 30])] = inserted
    return bytes(changed)


@pytest.mark.parametrize("name", sorted(set(MADE) - {"a.py", "a.csv"}))
def test_noise_anywhere_never_stops_the_reader(name: str) -> None:
    """A damaged file is read or refused by name; nothing else may come out of a reader."""
    random_bytes = random.Random(name)
    for _ in range(60):
        data = damaged(MADE[name], random_bytes)
        with contextlib.suppress(ParseFault):
            parse_bytes(bytearray(data), SUFFIXES[Path(name).suffix], AS_FOUND)
