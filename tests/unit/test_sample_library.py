"""The sample library: its documents are whole, and its questions have their answers."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from assistant.sample_library import SAMPLE_QUESTION, sample_paths

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS: dict[str, list[dict[str, Any]]] = tomllib.loads(
    (ROOT / "tests/fixtures/sample_questions.toml").read_text(encoding="utf-8")
)
SOURCES = sorted((ROOT / "docs/sample_library").glob("*.md"))


def squeezed(text: str) -> str:
    return " ".join(text.split())


def pages_of(path: Path) -> list[str]:
    if path.suffix != ".pdf":
        return [squeezed(path.read_text(encoding="utf-8"))]
    pdf = pypdfium2.PdfDocument(path)
    return [squeezed(page.get_textpage().get_text_range()) for page in pdf]


def test_sample_paths_name_every_document_there_is() -> None:
    paths = sample_paths()
    folder = paths[0].parent
    assert [p.name for p in paths] == sorted(
        p.name for p in folder.iterdir() if p.suffix in {".pdf", ".md", ".txt"}
    )
    assert {p.suffix for p in paths} == {".pdf", ".md", ".txt"}


def test_the_sample_library_is_small() -> None:
    assert sum(p.stat().st_size for p in sample_paths()) < 400_000


@pytest.mark.parametrize("path", sample_paths(), ids=lambda p: p.name)
def test_every_document_says_that_it_is_fictional(path: Path) -> None:
    assert "Fictional sample document." in pages_of(path)[0]


@pytest.mark.parametrize("path", [p for p in sample_paths() if p.suffix == ".pdf"], ids=str)
def test_every_pdf_has_several_pages_of_text_a_title_and_an_outline(path: Path) -> None:
    pdf = pypdfium2.PdfDocument(path)
    assert len(pdf) >= 2
    assert all(len(text) > 200 for text in pages_of(path))
    assert pdf.get_metadata_dict()["Title"]
    assert len(list(pdf.get_toc())) >= 5


@pytest.mark.parametrize("entry", QUESTIONS["answerable"], ids=lambda e: e["question"])
def test_every_expected_sentence_stands_on_its_page_and_nowhere_else(entry: dict[str, Any]) -> None:
    found = [
        (path.name, number)
        for path in sample_paths()
        for number, text in enumerate(pages_of(path), start=1)
        if entry["sentence"] in text
    ]
    assert found == [(entry["document"], entry["page"])]
    assert entry["fact"] in entry["sentence"]


def test_the_sample_question_is_the_first_of_the_questions() -> None:
    assert QUESTIONS["answerable"][0]["question"] == SAMPLE_QUESTION


def test_every_document_is_asked_about() -> None:
    asked = {entry["document"] for entry in QUESTIONS["answerable"]}
    assert asked == {p.name for p in sample_paths()}


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.name)
def test_the_pdfs_hold_the_words_of_their_sources(source: Path) -> None:
    """Someone who edits a source and forgets to remake the PDF learns of it here."""
    head, _, body = source.read_text(encoding="utf-8").partition("\n\n")
    meta = dict(line.split(": ", 1) for line in head.splitlines())
    target = next(p for p in sample_paths() if p.name == meta["file"])
    pages = pages_of(target)
    for number, text in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in text
    furniture = f"{meta['reference']} Fictional sample {meta['owner']} Page N of N"
    printed = " ".join(
        re.sub(r"Page \d+ of \d+", "Page N of N", text).removeprefix(furniture) for text in pages
    )
    lines = [line for line in body.splitlines() if line.strip() and line != ">> newpage"]
    wanted = " ".join(re.sub(r"^(#+|=|!|-) ", "", line) for line in lines)
    assert re.findall(r"\w+", printed) == re.findall(r"\w+", wanted)


def test_the_script_makes_the_very_same_bytes() -> None:
    reportlab = pytest.importorskip("reportlab", reason="reportlab makes the sample PDFs")
    if reportlab.Version != "5.1.0":
        pytest.skip("the sample PDFs were made with reportlab 5.1.0")
    done = subprocess.run(
        [sys.executable, "docs/make_sample_pdfs.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
