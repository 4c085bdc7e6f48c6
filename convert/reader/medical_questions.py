"""Reading samples of MedQuAD (Ben Abacha and Demner-Fushman 2019): advice on diseases.

The answers are whole pages; what is learned as the answer is the sentence with which the page
begins to answer. A page about the same disease that answers another kind of question, and
the same kind of question about another disease, do not answer.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import UsageError
from assistant.text.sentences import split_sentences
from convert.dataset.articles import Span, quotable
from convert.dataset.data_files import open_bytes
from convert.reader.held_out_names import is_for_calibration
from convert.reader.reading_samples import ReadingSample

_ASKED: Mapping[str, tuple[str, ...]] = {
    "information": ("What is {}?", "How is {} defined?", "What does {} mean?"),
    "symptoms": (
        "What are the symptoms of {}?",
        "How does {} show itself?",
        "What are signs of {}?",
    ),
    "treatment": ("How is {} treated?", "What is the treatment for {}?", "Can {} be treated?"),
    "inheritance": ("Is {} inherited?", "How is {} inherited?", "Does {} run in families?"),
    "frequency": ("How common is {}?", "How many people have {}?", "Is {} rare?"),
    "genetic changes": ("Which genes are related to {}?", "What genetic changes cause {}?"),
    "causes": ("What causes {}?", "How does {} come about?", "Why do people get {}?"),
    "exams and tests": ("How is {} diagnosed?", "Which tests are made for {}?"),
    "outlook": ("What is the outlook for {}?", "Can {} be cured?", "How does {} end?"),
    "susceptibility": ("Who is at risk for {}?", "Who gets {}?"),
    "prevention": ("How can {} be prevented?", "Can {} be prevented?"),
    "complications": ("What complications does {} have?", "What can {} lead to?"),
    "stages": ("What are the stages of {}?", "How is {} staged?"),
}
_BOILERPLATE = ("Human Phenotype Ontology", "conducts and supports", "These resources address")
_LONGEST_PASSAGE = 1_100
_LONGEST_ANSWER = 400


@dataclass(frozen=True, slots=True)
class _Page:
    focus: str
    kind: str
    text: str
    answer: Span


def medical(
    path: Path, count: int, share_without: float, rng: random.Random, *, held_out: bool = False
) -> list[ReadingSample]:
    """Return `count` samples of MedQuAD, `share_without` of them without an answer.

    With `held_out` they are about the diseases that no reader is trained on. Raises `UsageError`
    naming the line.
    """
    pages = [page for page in _pages(path) if is_for_calibration(page.focus) == held_out]
    by_focus: dict[str, list[_Page]] = {}
    by_kind: dict[str, list[_Page]] = {}
    for page in pages:
        by_focus.setdefault(page.focus, []).append(page)
        by_kind.setdefault(page.kind, []).append(page)
    found: list[ReadingSample] = []
    for page in rng.sample(pages, min(count, len(pages))):
        asked = rng.choice(_ASKED[page.kind]).format(page.focus)
        if rng.random() >= share_without:
            found.append(ReadingSample("medical", asked, page.text, page.answer, page.answer[0]))
            continue
        others = [p for p in by_focus[page.focus] if p.kind != page.kind]
        pool = others if others and rng.random() < 0.6 else by_kind[page.kind]
        other = rng.choice(pool)
        if other is not page and page.text[slice(*page.answer)] not in other.text:
            found.append(
                ReadingSample("medical, unanswered", asked, other.text, None, other.answer[0])
            )
    return found


def _pages(path: Path) -> list[_Page]:
    found = []
    with open_bytes(path) as file:
        for number, line in enumerate(file, start=1):
            try:
                row = json.loads(line)
                page = _page(str(row["focus"]), str(row["qtype"]), str(row["answer"]))
            except (ValueError, KeyError, TypeError) as error:
                what = f"{type(error).__name__} {error}"
                raise UsageError(f"{path}, line {number}: {what}.") from error
            if page:
                found.append(page)
    return found


def _page(focus: str, kind: str, answer: str) -> _Page | None:
    text = " ".join(answer.split())
    if kind not in _ASKED or not focus or any(words in text for words in _BOILERPLATE):
        return None
    sentences = split_sentences(text)
    first = next((s for s in sentences if not text[s[0] : s[1]].endswith(("?", ":"))), None)
    span = first and quotable(text, first)
    if not span or not 20 <= span[1] - span[0] <= _LONGEST_ANSWER:
        return None
    end = max((b for _, b in sentences if b <= _LONGEST_PASSAGE), default=span[1])
    return _Page(focus, kind, text[: max(end, span[1])], span)
