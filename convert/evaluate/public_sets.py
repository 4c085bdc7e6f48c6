"""Read questions of public sets, in the formats of SQuAD 2, CUAD and PubMedQA."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.errors import UsageError
from convert.dataset.articles import Article, Question
from convert.dataset.cuad import read_cuad
from convert.dataset.data_files import read_json
from convert.dataset.pubmedqa import read_pubmedqa
from convert.evaluate.item_builder import Asked, AskedSet
from convert.evaluate.paragraph_pool import Paragraph

_PARAGRAPHS_ON_A_PAGE = 3


def squad_questions(path: Path) -> AskedSet:
    """Read a file in SQuAD's shape (1.1 or 2; .gz too) with every accepted answer.

    Training leaves out what can't be quoted; evaluation asks everything. Raises
    `UsageError` naming what is wrong with the file.
    """
    paragraphs: list[Paragraph] = []
    questions: list[Asked] = []
    try:
        for document, number, paragraph in _paragraphs(read_json(path)):
            page = 1 + number // _PARAGRAPHS_ON_A_PAGE
            paragraphs.append(Paragraph(document, page, str(paragraph["context"])))
            gold = len(paragraphs) - 1
            questions += (_asked(entry, gold, document) for entry in paragraph["qas"])
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{path} is not in SQuAD's shape ({type(error).__name__}: {error}).",
            hint="It must be {data: [{title, paragraphs: [{context, qas: [...]}]}]}.",
        ) from error
    return AskedSet(tuple(paragraphs), tuple(questions))


def cuad_questions(path: Path) -> AskedSet:
    """Read CUAD: a clause asked of one contract, the other passages from the same contract.

    Every span that the lawyers marked in the contract is accepted; a category that they
    found nothing of is unanswerable.
    """
    paragraphs: list[Paragraph] = []
    questions: list[Asked] = []
    for article in read_cuad(path):
        golds = list(_golds(article, len(paragraphs)))
        accepted: dict[str, list[str]] = {}
        for _, question, answers in golds:
            accepted.setdefault(question.id.partition("@")[0], []).extend(answers)
        asked = set()
        for gold, question, _ in golds:
            name = question.id.partition("@")[0]
            if name not in asked:
                asked.add(name)
                answers = tuple(dict.fromkeys(accepted[name]))
                question_text = _wording(question)
                questions.append(
                    Asked(question.id, question_text, answers, gold, article.name, "inside")
                )
        questions += [
            Asked(q.id, _wording(q), (), None, article.name, "inside") for q in article.unanswered
        ]
        paragraphs += _shown(article)
    return AskedSet(tuple(paragraphs), tuple(questions))


def pubmedqa_questions(path: Path) -> AskedSet:
    """Read PubMedQA: the question in an abstract's title, the abstract cut into passages.

    The quote that is looked for is the conclusion's sentence that shares most with the
    question. Every second question is asked without its own abstract, and is unanswerable
    then.
    """
    paragraphs: list[Paragraph] = []
    questions: list[Asked] = []
    for number, article in enumerate(read_pubmedqa(path)):
        for gold, question, answers in _golds(article, len(paragraphs)):
            questions.append(
                Asked(question.id, question.text, answers, gold, article.name)
                if number % 2 == 0
                else Asked(question.id, question.text, (), None, article.name, "outside")
            )
        paragraphs += _shown(article)
    return AskedSet(tuple(paragraphs), tuple(questions))


def _shown(article: Article) -> list[Paragraph]:
    return [Paragraph(article.name, p.page, p.text) for p in article.paragraphs]


def _golds(article: Article, first: int) -> Iterator[tuple[int, Question, tuple[str, ...]]]:
    """Yield (number of the paragraph, question, its answers there), if it has any there."""
    for number, paragraph in enumerate(article.paragraphs, start=first):
        for question in paragraph.questions:
            if question.spans:
                yield number, question, paragraph.answers(question)


def _wording(question: Question) -> str:
    """The plain question among CUAD's wordings: how a person would ask."""
    return question.rewordings[-1] if question.rewordings else question.text


def _paragraphs(document: Any) -> Iterator[tuple[str, int, dict[str, Any]]]:
    for article in document["data"]:
        title = str(article["title"]).replace("_", " ")
        for number, paragraph in enumerate(article["paragraphs"]):
            yield title, number, paragraph


def _asked(entry: dict[str, Any], gold: int, document: str) -> Asked:
    given = () if entry.get("is_impossible") else entry["answers"]
    texts = tuple(dict.fromkeys(str(answer["text"]) for answer in given))
    return Asked(str(entry["id"]), str(entry["question"]), texts, gold, document)
