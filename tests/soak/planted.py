"""Documents with planted words, of every kind that the program reads, and what they hold."""

from __future__ import annotations

import secrets
import zlib
from dataclasses import astuple, dataclass, field
from pathlib import Path

from tests.fakes.pdf_files import assemble, pdf, stream, text_content

_FILLER = (
    "The gate is opened at seven and closed at nine in the evening. ",
    "A visitor signs the book and is given a badge of the day. ",
    "Deliveries are weighed before they are carried in. ",
    "The lamps along the path are looked at once in a month. ",
)


@dataclass(frozen=True)
class Words:
    """Words that nobody else has, so that what holds one of them has it from here."""

    text: str
    heading: str
    title: str
    compressed: str
    name: str
    asked: str
    """Only in the question: no document holds it."""

    @property
    def question(self) -> str:
        return f"What is the code word of the northern storehouse, as {self.asked} wants to know?"

    @property
    def answer(self) -> str:
        return f"The code word of the northern storehouse is {self.text}."


@dataclass(frozen=True)
class Papers:
    """Two folders of documents: `old` are in the library already when `new` are added."""

    words: Words
    old: Path
    new: Path
    markers: list[bytes] = field(default_factory=list)


def new_word() -> str:
    """Make a word of six random syllables: 36 bits, 22 of them in its first eight letters."""
    syllables = (secrets.choice("bdfgklmnprstvz") + secrets.choice("aeiou") for _ in range(6))
    return "".join(syllables).capitalize()


def plant(folder: Path) -> Papers:
    """Write the documents, and say what of them must be found nowhere else."""
    text, heading, title, compressed, name, asked = (new_word() for _ in range(6))
    words = Words(text, heading, title, compressed, f"{name}-Müllerhausen", asked)
    papers = Papers(words, folder / "old", folder / "new")
    for place, pages in ((papers.old, 2), (papers.new, 5)):
        place.mkdir(parents=True)
        _write(words, place, pages)
    papers.markers.extend(word.encode() for word in astuple(words))
    # A copy of a file counts as well, although its words are compressed in it.
    packed = (papers.new / f"packed-{words.name}.pdf").read_bytes()
    at = packed.index(b"stream\n") + len(b"stream\n")
    papers.markers.append(packed[at + 40 : at + 72])
    return papers


def _write(words: Words, place: Path, pages: int) -> None:
    texts = [_page(words, f"{place.name} {number}") for number in range(pages)]
    (place / f"report-{words.name}.md").write_text(
        f"# {words.heading} report\n\n{words.answer}\n\n" + "\n\n".join(" ".join(t) for t in texts)
    )
    (place / f"plain-{words.name}.txt").write_text("\n\n".join("\n".join(t) for t in texts))
    (place / f"open-{words.name}.pdf").write_bytes(pdf(texts, title=f"{words.title} {place.name}"))
    (place / f"packed-{words.name}.pdf").write_bytes(_packed_pdf(words, texts))


def _page(words: Words, label: str) -> list[str]:
    said = [f"Page {label}: the storehouse of {words.text} was seen."]
    return said + [f"{sentence} ({label}, line {at})" for at, sentence in enumerate(_FILLER * 2)]


def _packed_pdf(words: Words, pages: list[list[str]]) -> bytes:
    """A PDF whose only page is compressed; its text is all pages, with a word of its own."""
    lines = [
        f"The keeper of {words.compressed} has the second key.",
        *(s for page in pages for s in page),
    ]
    body = stream(zlib.compress(text_content(lines)), b"/Filter /FlateDecode")
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R "
        b"/Resources << /Font << /F1 3 0 R >> >> >>"
    )
    return assemble(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            page,
            body,
        ]
    )
