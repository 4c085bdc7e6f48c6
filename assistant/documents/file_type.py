"""Kinds of documents: what a name says, and what each is called. `sniff` decides by the bytes."""

from __future__ import annotations

from typing import Literal, get_args

Kind = Literal[
    "pdf",
    "markdown",
    "text",
    "docx",
    "pptx",
    "xlsx",
    "xlsb",
    "xls",
    "odt",
    "odp",
    "ods",
    "rtf",
    "epub",
    "html",
    "eml",
    "msg",
    "csv",
    "tsv",
    "json",
    "jsonl",
    "source",
    "png",
    "jpeg",
    "tiff",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

_OFFICE = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
MEDIA_TYPES: dict[Kind, str] = {
    "pdf": "application/pdf",
    "markdown": "text/markdown",
    "text": "text/plain",
    "docx": f"{_OFFICE}wordprocessingml.document",
    "pptx": f"{_OFFICE}presentationml.presentation",
    "xlsx": f"{_OFFICE}spreadsheetml.sheet",
    "xlsb": "application/vnd.ms-excel.sheet.binary.macroenabled.12",
    "xls": "application/vnd.ms-excel",
    "odt": f"{_ODF}text",
    "odp": f"{_ODF}presentation",
    "ods": f"{_ODF}spreadsheet",
    "rtf": "application/rtf",
    "epub": "application/epub+zip",
    "html": "text/html",
    "eml": "message/rfc822",
    "msg": "application/vnd.ms-outlook",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "source": "text/x-source",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "tiff": "image/tiff",
}

_ENDINGS: dict[Kind, str] = {
    "pdf": "pdf",
    "markdown": "md markdown",
    "text": "txt text doc dot wpd ppt pps",
    "docx": "docx docm dotx dotm",
    "pptx": "pptx pptm ppsx ppsm potx potm",
    "xlsx": "xlsx xlsm xltx xltm",
    "xlsb": "xlsb",
    "xls": "xls xlt",
    "odt": "odt ott",
    "odp": "odp otp",
    "ods": "ods ots",
    "rtf": "rtf",
    "epub": "epub",
    "html": "html htm xhtml xht",
    "eml": "eml",
    "msg": "msg",
    "png": "png",
    "jpeg": "jpg jpeg jpe",
    "tiff": "tif tiff",
    "csv": "csv",
    "tsv": "tsv tab",
    "json": "json geojson",
    "jsonl": "jsonl ndjson",
    "source": "py pyi js mjs cjs ts tsx jsx java kt kts scala c h cc cpp cxx hpp hh cs go rs rb "
    "php pl pm r jl swift m mm lua sh bash zsh ps1 psm1 bat cmd sql vb bas vbs f f90 f95 pas asm s "
    "hs ml mli fs clj lisp el ex exs erl dart groovy gradle cmake tf proto graphql css scss less "
    "xml xsd xsl xslt svg yaml yml toml ini cfg conf properties log tex bib sty rst adoc org",
}
_PICTURES: dict[bytes, Kind] = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpeg",
    b"II*\x00": "tiff",
    b"MM\x00*": "tiff",
}
PICTURE_KINDS = frozenset(_PICTURES.values())


def picture_kind(head: bytes) -> Kind | None:
    """Return which kind of picture begins with these bytes; None if none that is read."""
    return next((kind for magic, kind in _PICTURES.items() if head.startswith(magic)), None)


SUFFIXES: dict[str, Kind] = {
    f".{ending}": kind for kind, endings in _ENDINGS.items() for ending in endings.split()
}
"""Old Word, PowerPoint and WordPerfect files are taken up so that a person is told of the way
out; their names end like those of many pages and texts, which are read for what they are.
"""
