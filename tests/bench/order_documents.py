"""Documents whose reading order is known, before any producer lays them out."""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

Kind = Literal["columns", "notes", "table", "plain"]
Language = Literal["en", "he", "ar"]
Rules = Literal["ruled", "unruled"]

_WORDS: dict[Language, str] = {
    "en": (
        "harbour ladder winter garden signal copper basket meadow lantern carpet thunder village "
        "pocket ribbon captain orchard bridge candle market pepper window saddle engine feather "
        "timber kettle island mirror napkin oyster parcel quarry rocket saucer tunnel umbrella "
        "velvet wagon yellow anchor butter cellar dragon elbow forest gallon hammer insect jacket "
        "keeps holds brings follows carries watches paints repairs counts gathers before under "
        "behind between without against during beside often never always slowly the the a its "
        "office official different find efficient flower reflection"
    ),
    "he": (
        "שלום בית ספר ילד ילדה עיר רחוב מים לחם חלב שולחן כיסא חלון דלת גינה פרח עץ שמש ירח "
        "כוכב ים הר נהר גשר דרך מכונית רכבת אוניה מכתב ספרייה מורה רופא חולה תרופה בוקר ערב "
        "לילה יום שבוע חודש שנה חורף קיץ אביב סתיו כותב קורא הולך רואה שומע אוכל שותה ישן"
    ),
    "ar": (
        "بيت مدرسة ولد بنت مدينة شارع ماء خبز حليب طاولة كرسي نافذة باب حديقة زهرة شجرة شمس قمر "
        "نجم بحر جبل نهر جسر طريق سيارة قطار سفينة رسالة مكتبة معلم طبيب مريض دواء صباح مساء "
        "ليل يوم شهر سنة شتاء صيف ربيع خريف يكتب يقرأ يذهب يرى يسمع يشرب ينام"
    ),
}


@dataclass(frozen=True)
class Table:
    """Rows of cells; `heads` are one or two rows, in the second of which "" goes on above."""

    heads: tuple[tuple[str, ...], ...]
    rows: tuple[tuple[str, ...], ...]
    rules: Rules


@dataclass(frozen=True)
class Document:
    """What stands in a document, in reading order. `notes` are beside the paragraphs.

    After a paragraph with a caption ("" is none) stands a figure, and the caption under it.
    """

    name: str
    kind: Kind
    paragraphs: tuple[tuple[str, ...], ...]
    title: str = ""
    columns: int = 1
    notes: tuple[str, ...] = ()
    captions: tuple[str, ...] = ()
    table: Table | None = None
    head: str = ""
    foot: str = ""
    language: Language = "en"
    turned: int = 0

    @property
    def sentences(self) -> list[str]:
        captions = self.captions or ("",) * len(self.paragraphs)
        return [
            sentence
            for paragraph, caption in zip(self.paragraphs, captions, strict=True)
            for sentence in (*paragraph, *filter(None, (caption,)))
        ]


def reduced(text: str) -> str:
    """Return the letters and digits only, in one form: what is compared."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\W_]+", "", plain)


def _sentence(draw: random.Random, language: Language, least: int = 8, most: int = 15) -> str:
    words = _WORDS[language].split()
    return " ".join(draw.choice(words) for _ in range(draw.randint(least, most))).capitalize() + "."


def _paragraphs(
    draw: random.Random, count: int, language: Language = "en", sentences: int = 4
) -> tuple[tuple[str, ...], ...]:
    return tuple(
        tuple(_sentence(draw, language) for _ in range(draw.randint(2, sentences)))
        for _ in range(count)
    )


def table(draw: random.Random, rules: Rules, *, spanning: bool, rows: int = 0) -> Table:
    """Return a table of numbers, with heads over two columns each if `spanning`."""
    nouns = draw.sample([w for w in _WORDS["en"].split() if len(w) > 5], 40)
    columns = draw.choice((2, 4)) if spanning else draw.randint(2, 5)
    heads: list[tuple[str, ...]] = []
    if spanning:
        above = [nouns.pop().capitalize() for _ in range(columns // 2)]
        heads.append(("", *(word for name in above for word in (name, ""))))
        pair = (nouns.pop().capitalize(), nouns.pop().capitalize())
        heads.append((nouns.pop().capitalize(), *pair * (columns // 2)))
    else:
        heads.append(tuple(nouns.pop().capitalize() for _ in range(columns + 1)))
    seen = draw.sample(range(11, 9999), 300)
    body = []
    for _ in range(rows or draw.randint(3, 8)):
        name = f"{nouns.pop().capitalize()} {draw.choice(nouns)}" if len(nouns) > 1 else "Other"
        body.append((f"{name} {seen.pop()}x", *(str(seen.pop()) for _ in range(columns))))
    return Table(tuple(heads), tuple(body), rules)


def order_documents(seed: int, languages: tuple[Language, ...]) -> list[Document]:
    """Return documents of each kind: columns, notes, heads and feet, tables, turned, figures."""
    draw = random.Random(seed)
    made: list[Document] = []
    for number, columns in enumerate((2, 2, 2, 3, 3)):
        title = _sentence(draw, "en", 3, 5) if number % 2 else ""
        body = _paragraphs(draw, 9 + 3 * columns)
        made.append(Document(f"columns{number}", "columns", body, title, columns))
    for number in range(3):
        body = _paragraphs(draw, 7)
        notes = tuple(_sentence(draw, "en", 2, 6) for _ in body)
        made.append(Document(f"notes{number}", "notes", body, notes=notes))
    for number in range(2):
        body = _paragraphs(draw, 34)
        head, foot = _sentence(draw, "en", 4, 6), _sentence(draw, "en", 3, 4)
        columns = number + 1
        made.append(
            Document(f"furniture{number}", "columns", body, "", columns, head=head, foot=foot)
        )
    for number in range(2):
        long = table(draw, "ruled" if number else "unruled", spanning=False, rows=38)
        made.append(Document(f"long{number}", "table", _paragraphs(draw, 6), table=long))
    for number, turned in enumerate((90, 270)):
        body = _paragraphs(draw, 10)
        made.append(Document(f"turned{number}", "columns", body, "", number + 1, turned=turned))
    for language in languages:
        for columns in (1, 2):
            body = _paragraphs(draw, 10, language)
            name = f"{language}{columns}"
            made.append(Document(name, "columns", body, "", columns, language=language))
    return made + _with_captions(draw)


def _with_captions(draw: random.Random) -> list[Document]:
    """Return documents in which a figure stands behind every third paragraph."""
    made = []
    for columns in (1, 2):
        body = _paragraphs(draw, 10)
        captions = tuple(
            f"Figure {n // 3 + 1}: {_sentence(draw, 'en', 5, 9)}" if n % 3 == 1 else ""
            for n in range(len(body))
        )
        made.append(Document(f"figures{columns}", "columns", body, "", columns, captions=captions))
    return made


def table_documents(seed: int) -> list[Document]:
    """Return fourteen documents with one table each: ruled, unruled, spanning."""
    draw = random.Random(seed + 1000)
    kinds: list[tuple[Rules, bool]] = [("ruled", False), ("unruled", False), ("ruled", True)]
    made = []
    for number in range(14):
        rules, spanning = kinds[number % 3] if number < 12 else ("unruled", True)
        body = _paragraphs(draw, 3)
        made.append(
            Document(f"table{number}", "table", body, table=table(draw, rules, spanning=spanning))
        )
    return made
