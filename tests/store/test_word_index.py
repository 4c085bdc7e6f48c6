"""A word is found however a document writes it, and its passage is shown as it is written."""

from __future__ import annotations

import hashlib
from pathlib import Path

import apsw
import numpy as np
import pytest

from assistant.store import StoreKey, open_store
from assistant.store.connection import connect
from assistant.store.sqlite_store import SqliteStore
from assistant.text.search_form import SEARCH_FORM, index_text
from assistant.types import Chunk, NewDocument, ParsedDocument
from tests.fakes.embedder import FakeEmbedder

IDENTITY = FakeEmbedder(dimension=8).identity

WRITTEN = [
    ("soft hyphens", "The amphib\u00adi\u00adous ferry", "amphibious"),
    ("soft hyphen at a line's end", "The amphib\u00ad\nious ferry", "amphibious"),
    ("zero-width space", "a cer\u200btificate", "certificate"),
    ("word joiner", "a cer\u2060tificate", "certificate"),
    ("byte order mark inside", "a cer\ufefftificate", "certificate"),
    ("direction marks", "a \u200ecertificate\u200f", "certificate"),
    ("ligature fi", "a certi\ufb01cate", "certificate"),
    ("ligature ffl", "the ba\ufb04e plate", "baffle"),
    ("ligature st", "the \ufb06one", "stone"),
    ("ligature, asked for with it", "a certificate", "certi\ufb01cate"),
    ("decomposed umlaut", "Ju\u0308rgen Ba\u0308uerle", "J\u00fcrgen"),
    ("composed, asked for decomposed", "J\u00fcrgen", "Ju\u0308rgen"),
    ("two accents", "Vi\u1ec7t Nam", "Viet"),
    ("decomposed Korean", "\u1112\u1161\u11ab\u1100\u1173\u11af", "\ud55c\uae00"),
    ("full width", "\uff21\uff22\uff23\uff24 \uff11\uff12\uff13", "abcd"),
    ("half-width kana", "\uff76\uff9e\uff72\uff84\uff9e", "\u30ac\u30a4\u30c9"),
    ("hyphen at a line's end", "an inter-\nnational rule", "international"),
    ("the parts of a word broken there", "a long-\nterm rule", "term"),
    ("Cyrillic line end", "\u043a\u043e\u0442-\n\u043b\u044b", "\u043a\u043e\u0442\u043b\u044b"),
    ("sharp s", "Stra\u00dfe", "strasse"),
    ("double s, asked for sharp", "Strasse", "stra\u00dfe"),
    ("o with stroke", "sm\u00f8rrebr\u00f8d", "smorrebrod"),
    ("l with stroke", "\u0141\u00f3d\u017a", "lodz"),
    ("ae", "encyclop\u00e6dia", "encyclopaedia"),
    ("Icelandic", "\u00de\u00f3r\u00f0ur", "thordur"),
    ("Turkish", "\u0130stanbul \u0131\u015f\u0131k", "istanbul"),
    ("yo", "\u041a\u043e\u0442\u0451\u043b", "\u043a\u043e\u0442\u0435\u043b"),
    ("Greek accents and final sigma", "Λέβητας", "λεβητασ"),
    ("Arabic vowel points", "\u0643\u0650\u062a\u064e\u0627\u0628", "\u0643\u062a\u0627\u0628"),
    ("Hebrew points", "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd", "\u05e9\u05dc\u05d5\u05dd"),
    ("dotted abbreviation", "the U.K. and", "UK"),
    ("asked for with dots", "the UK and", "U.K."),
    ("three letters", "in the U.S.A. now", "USA"),
    ("subscript", "CO\u2082 rises", "CO2"),
    ("asked for with a subscript", "CO2 rises", "CO\u2082"),
    ("superscript unit", "12 m\u00b2 of felt", "m2"),
    ("note mark", "the certificate\u00b9 says", "certificate"),
    ("Chinese", "本合同的违约金为百分之五", "违约金"),
    ("Chinese, one character", "\u98f2\u8336\u5f8c", "\u8336"),
    ("Japanese", "\u6599\u7406\u65b9\u6cd5\u3067\u3059", "\u65b9\u6cd5"),
    ("Thai", "\u0e2d\u0e32\u0e04\u0e32\u0e23\u0e2a\u0e39\u0e07", "\u0e2a\u0e39\u0e07"),
    ("Hindi", "हिन्दी भाषा", "हिन्दी"),
]  # fmt: skip


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("words") / "library.db"


@pytest.fixture(scope="module")
def store(library: Path) -> SqliteStore:
    store = open_store(library, KEY, create=True, embedder=IDENTITY)
    _add(store, [text for _, text, _ in WRITTEN])
    return store


KEY = StoreKey(bytes(range(32)))


def _add(store: SqliteStore, texts: list[str]) -> int:
    whole = "\n\n".join(texts)
    starts = [whole.index(text) for text in texts]
    chunks = [Chunk(n, at, at + len(texts[n])) for n, at in enumerate(starts)]
    vectors = np.tile(np.eye(1, 8, dtype=np.float32), (len(chunks), 1))
    document = ParsedDocument(whole, (0,), "text/plain", "")
    digest = hashlib.sha256(whole.encode()).hexdigest()
    return store.add(NewDocument("a.txt", (f"/{digest}",), digest, document, chunks, vectors)).id


@pytest.mark.parametrize(("kind", "text", "query"), WRITTEN, ids=[k for k, _, _ in WRITTEN])
def test_a_word_is_found(store: SqliteStore, kind: str, text: str, query: str) -> None:
    hits = [hit for hit, _ in store.search_text(query, 50)]
    found = [passage.text for passage in store.passages(hits)]
    assert text in found
    frequencies = store.term_frequencies(query)[1]
    assert frequencies
    assert all(frequencies.values()), kind


RANKED = [
    ("AX-4417/A", ["the seal AX-4417/A is red", "the seal AX-4417/B is red", "a seal AX 4417 x"]),
    ("ax 4417 b?", ["the seal AX-4417/B is red", "the seal AX-4417/A is red"]),
    ("BX-100/I", ["pump BX-100/I turns", "pump BX-100/II turns"]),
    ("section 11(4)", ["\u00a7 11(4) dogs pay", "\u00a7 11(3) dogs pay", "\u00a7 4(11) dogs pay"]),
    ("\u00a7 12 (3)", ["Section 12(3): dogs", "Section 12(4): dogs", "Section 13(2): dogs"]),
    ("Annex I", ["see Annex I here", "see Annex II here", "see annex here I think"]),
    ("type A blood", ["Type A blood is cold", "Type B blood is cold, a blood"]),
    ("WHO", ["WHO advises hands", "those who advise hands who"]),
    ("Where is IT?", ["ask IT for it now", "ask it for that, it is it"]),
    ("1240 ropes", ["holds 1,240 ropes", "holds 124 ropes", "holds 240 ropes"]),
    ("1,240 ropes", ["holds 1240 ropes", "holds 1.24 ropes", "holds 240 ropes 1"]),
    ("12.5 mg", ["give 12,5 mg", "give 125 mg", "give 5 mg on 12"]),
    ("2024-05-03", ["on 3 May 2024 we met", "on 5 March 2024 we met", "in 2024, 05 and 03"]),
    ("3 May 2024", ["on 2024-05-03 it met", "on 2024-05-13 it met", "3 in 2024"]),
    ("twelve months", ["for 12 months it is", "for 11 months it is"]),
]


@pytest.mark.parametrize(("query", "texts"), RANKED, ids=[q for q, _ in RANKED])
def test_the_passage_with_the_very_code_or_number_comes_first(
    library: Path, query: str, texts: list[str]
) -> None:
    with open_store(library.with_name("ranked.db"), KEY, create=True, embedder=IDENTITY) as store:
        filler = [f"other words stand here, number {n}" for n in range(3000, 3008)]
        number = _add(store, [*reversed(texts), *filler])
        (best, _), *_ = store.search_text(query, 10)
        assert store.passages([best])[0].text == texts[0]
        store.forget(number)


def test_forgetting_leaves_no_word_and_no_term(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    with open_store(path, KEY, create=True, embedder=IDENTITY) as store:
        number = _add(store, [text for _, text, _ in WRITTEN] + [t for _, ts in RANKED for t in ts])
        store.forget(number)
    connection = connect(path, KEY, cache_mib=1, busy_ms=0)
    assert connection.execute("SELECT count(*) FROM text_terms").fetchone() == (0,)
    with pytest.raises(apsw.Error):
        connection.execute("INSERT INTO text_index (text_index, rank) VALUES ('integrity', 9)")
    connection.close()


def test_whoever_changes_the_form_raises_its_number() -> None:
    """Rows of the index can be deleted only with the very words that they were filled with."""
    texts = [text for _, text, _ in WRITTEN] + [t for _, texts in RANKED for t in texts]
    forms = "\n".join(map(index_text, texts)).encode()
    known = {"2": "6aac6cad88462d2d"}
    assert known[SEARCH_FORM.split("/")[0]] == hashlib.sha256(forms).hexdigest()[:16]
