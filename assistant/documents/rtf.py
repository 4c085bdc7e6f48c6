"""Read Rich Text Format: paragraphs, headings, tables, notes, comments, tracked changes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from assistant.documents.charsets import named_charset
from assistant.documents.document_builder import DocumentBuilder, HeadingTrail, one_line
from assistant.documents.document_title import metadata_title
from assistant.documents.file_type import Kind
from assistant.documents.parse_errors import ParseFault
from assistant.documents.rtf_blocks import RtfBlocks
from assistant.documents.rtf_tokens import CHARSETS, Token, tokens
from assistant.types.documents import ParsedDocument, ReadOptions

_MAX_DEPTH = 1_000
_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)
_SIGNS = {
    "tab": "\t", "line": "\n", "emdash": "\u2014", "endash": "\u2013", "bullet": "\u2022",
    "lquote": "\u2018", "rquote": "\u2019", "ldblquote": "\u201c", "rdblquote": "\u201d",
    "emspace": " ", "enspace": " ", "qmspace": " ", "nestcell": " ", "nestrow": " ",
}  # fmt: skip
_SKIPPED = frozenset(
    "colortbl generator pict object nonshppict fldinst xe tc bkmkstart bkmkend datafield filetbl "
    "listtable listoverridetable rsidtbl themedata colorschememapping latentstyles datastore "
    "revtbl author operator company creatim revtim printim buptim comment keywords subject doccomm "
    "hlinkbase category manager sp atnid atnref atntime atndate atnicn atnparent mmathPr ftnsep "
    "ftnsepc ftncn aftnsep aftnsepc aftncn pgptbl xmlnstbl userprops docvar template "
    "wgrffmtfilter passwordhash pnseclvl nesttableprops".split()
)
_SHOWN = frozenset("shpinst shptxt ud pntext fldrslt".split())
_ASIDE: dict[str, str] = {
    "footnote": "footnote",
    "annotation": "comment",
    "atnauthor": "author",
    "title": "title",
    "header": "head", "headerl": "head", "headerr": "head", "headerf": "head",
    "footer": "foot", "footerl": "foot", "footerr": "foot", "footerf": "foot",
    "fonttbl": "fonts", "stylesheet": "styles",
}  # fmt: skip


def read_rtf(data: bytearray, kind: Kind, _options: ReadOptions) -> ParsedDocument:
    """Return the document; it has one page. Raises `ParseFault`."""
    builder = DocumentBuilder(kind)
    title = write_rtf(builder, data, HeadingTrail())
    return builder.finish(metadata_title(title))


def write_rtf(builder: DocumentBuilder, data: bytes | bytearray, trail: HeadingTrail) -> str:
    """Add all that a reader of the file sees; return its title. Raises `ParseFault`."""
    reader = _Reader(builder, trail)
    for token in tokens(data):
        reader.take(token)
    reader.end()
    return one_line(reader.title)


@dataclass(frozen=True, slots=True)
class _State:
    """What a group inherits and may change: where text goes, and how it is to be read."""

    target: str = "body"
    charset: str = "cp1252"
    fallback: int = 1
    hidden: bool = False
    deleted: bool = False
    inserted: bool = False
    font: int = 0


class _Reader:
    def __init__(self, builder: DocumentBuilder, trail: HeadingTrail) -> None:
        self._builder = builder
        self._blocks = RtfBlocks(builder, trail)
        self._stack: list[_State] = []
        self._state = _State()
        self._new_group = self._optional = False
        self._skip = 0
        self._bytes = bytearray()
        self._aside: list[str] = []
        self.title = ""
        self._base = "cp1252"
        self._fonts: dict[int, str] = {}
        self._levels: dict[int, int] = {}
        self._style = 0

    def take(self, token: Token) -> None:
        """Take the next token."""
        word = token.word
        if word in {"", "'"}:
            if self._skip:  # what stands for a character that the file also gives in Unicode
                cut = min(self._skip, len(token.text))
                self._skip -= cut
                token = token._replace(text=token.text[cut:])
            self._bytes += token.text
            self._new_group = False
            return
        self._decode()
        if word == "{":
            if len(self._stack) >= _MAX_DEPTH:
                raise ParseFault("nested_too_deep", number=_MAX_DEPTH)
            self._stack.append(self._state)
            self._new_group, self._optional = True, False
        elif word == "}":
            self._close()
        elif word == "*":
            self._optional = True
        else:
            self._word(word, token.number)
            self._new_group = self._optional = False

    def end(self) -> None:
        """Write what is left."""
        self._decode()
        self._blocks.in_table = False
        self._blocks.end_paragraph()

    def _close(self) -> None:
        self._skip = 0
        before, self._state = self._state, self._stack.pop() if self._stack else _State()
        self._new_group = False
        if before.target == self._state.target:
            return
        text = "".join(self._aside)
        self._aside.clear()
        match before.target:
            case "title":
                self.title = text
            case "author":
                self._blocks.author = one_line(text)
            case "footnote" | "comment":
                self._blocks.aside(before.target, text)
            case "head":
                self._builder.running(text, "head")
            case "foot":
                self._builder.running(text, "foot")

    def _word(self, word: str, number: int | None) -> None:
        if self._new_group or self._optional:
            if word in _ASIDE and self._state.target != "skip":
                self._enter(_ASIDE[word])
                return
            if word in _SKIPPED or (self._optional and word not in _SHOWN):
                self._state = replace(self._state, target="skip")
                return
        action = _ACTIONS.get(word)
        if word in _SIGNS:
            self._add(_SIGNS[word])
        elif action is not None:
            action(self, number)

    def _enter(self, target: str) -> None:
        self._state = replace(self._state, target=target)
        self._aside.clear()

    def _decode(self) -> None:
        if self._bytes:
            text = self._bytes.decode(self._state.charset, errors="replace")
            self._bytes.clear()
            self._add(text)

    def _add(self, text: str) -> None:
        state = self._state
        match state.target:
            case "skip":
                return
            case "styles":
                self._name_style(text)
            case "body":
                if state.hidden:
                    if text.strip():
                        self._builder.note("hidden_text")
                elif state.deleted:
                    self._builder.note("tracked_changes")
                else:
                    self._blocks.text(text, inserted=state.inserted)
            case _:
                if not (state.hidden or state.deleted):
                    self._aside.append(text)

    def _name_style(self, text: str) -> None:
        found = _HEADING.match(text.strip())
        if found:
            self._levels[self._style] = int(found.group(1))

    def paragraph_ended(self, _number: int | None) -> None:
        if self._state.target == "body":
            self._blocks.end_paragraph()
        elif self._state.target != "skip":
            self._aside.append("\n")

    def cell_ended(self, _number: int | None) -> None:
        if self._state.target == "body":
            self._blocks.end_cell()

    def row_ended(self, _number: int | None) -> None:
        self._blocks.end_row()

    def plain_paragraph(self, _number: int | None) -> None:
        if self._state.target == "body":
            self._blocks.level, self._blocks.in_table = 0, False

    def in_table(self, _number: int | None) -> None:
        if self._state.target == "body":
            self._blocks.in_table = True

    def outline(self, number: int | None) -> None:
        if self._state.target == "styles" and number is not None and number < 9:
            self._levels.setdefault(self._style, number + 1)
        elif self._state.target == "body":
            self._blocks.level = number + 1 if number is not None and 0 <= number < 9 else 0

    def style_number(self, number: int | None) -> None:
        self._style = number or 0
        if self._state.target == "body":
            self._blocks.level = self._levels.get(self._style, 0)

    def codepage(self, number: int | None) -> None:
        self._base = named_charset(f"cp{number}") or "cp1252"
        self._state = replace(self._state, charset=self._base)

    def font(self, number: int | None) -> None:
        charset = self._fonts.get(number or 0, self._base)
        self._state = replace(self._state, font=number or 0, charset=charset)

    def font_charset(self, number: int | None) -> None:
        if self._state.target == "fonts" and number in CHARSETS:
            self._fonts[self._state.font] = CHARSETS[number]

    def unicode(self, number: int | None) -> None:
        code = (number or 0) % 65536
        self._skip = self._state.fallback
        self._add(chr(code))

    def plain(self, _number: int | None) -> None:
        self._state = replace(
            self._state, hidden=False, deleted=False, inserted=False, charset=self._base
        )

    def set(self, **changes: object) -> None:
        """Change the state of the group."""
        self._state = replace(self._state, **changes)  # type: ignore[arg-type]


def _switch(name: str) -> Callable[[_Reader, int | None], None]:
    return lambda reader, number: reader.set(**{name: number != 0})


_ACTIONS: dict[str, Callable[[_Reader, int | None], None]] = {
    "par": _Reader.paragraph_ended,
    "sect": _Reader.paragraph_ended,
    "page": _Reader.paragraph_ended,
    "cell": _Reader.cell_ended,
    "row": _Reader.row_ended,
    "pard": _Reader.plain_paragraph,
    "intbl": _Reader.in_table,
    "outlinelevel": _Reader.outline,
    "s": _Reader.style_number,
    "ansicpg": _Reader.codepage,
    "f": _Reader.font,
    "fcharset": _Reader.font_charset,
    "u": _Reader.unicode,
    "plain": _Reader.plain,
    "uc": lambda reader, number: reader.set(fallback=min(10, max(0, number or 0))),
    "v": _switch("hidden"),
    "deleted": _switch("deleted"),
    "revised": _switch("inserted"),
}
